-- ledger: what the bodies of the examples did to the outside world.
--
-- With ORDER_LEDGER in the environment, every run of a body appends a line to
-- that file: its name, the operation's id, the attempt, the process and the
-- execution.  The file knows nothing of the execution's record, so that the two
-- can be compared.
local durable = require "durable"

local ledger = {}

local function process_id()
  local stat = io.open("/proc/self/stat")
  local id = stat and stat:read("*n") or 0
  if stat then stat:close() end
  return ("%d"):format(id)
end

-- Begin a body: it is in the ledger before it does anything; `ms` stands for the
-- time that another system takes.
function ledger.begin(step, body, ms)
  local path = os.getenv "ORDER_LEDGER"
  if path then
    local file = io.open(path, "a")
    local line = table.concat({body, step.operation_id, ("%d"):format(step.attempt),
      process_id(), step.execution_arn}, " ") .. "\n"
    if not file or not file:write(line) or not file:close() then
      error(durable.error("Ledger", "the ledger cannot be written"))
    end
  end
  local done = os.clock() + ms / 1000
  while os.clock() < done do end
end

return ledger
