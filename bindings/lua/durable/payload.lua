-- payload: the bodies in which an operation made of others is serialized.
--
-- The engine composes the payload itself where all parts are in one built-in
-- form; otherwise it is put together here, from values.
local native = require "durable.native"
local batch = require "durable.batch"
local errors = require "durable.errors"
local give = require "durable.give"
local serdes = require "durable.serdes"

local payload = {}

-- A part that is not of the form makes the operation fail, with the engine's
-- reason.
local function composed(call, form)
  local n = call.run.native
  local done, why, code = native.engine_op_compose(n, call.op, form)
  if done then
    local text = native.engine_op_composed(n, call.op)
    if call.summary and #text > give.INLINE_MAX then call.large = text end
    done, why, code = native.engine_op_succeed(n, call.op, text)
  end
  if done then return end
  if errors.is_fatal(code) then return code end
  return give.failure(call, errors.refused(code, why), false)
end

local function value(call, v)
  local ok, text = serdes.write(call.run, call.op, call.serdes, v)
  if not ok then return give.failure(call, text, text.retryable) end
  return give.payload(call, text)
end

-- ---- a batch

local STATUS = {
  [native.STATUS_SUCCEEDED] = "SUCCEEDED", [native.STATUS_FAILED] = "FAILED",
  [native.STATUS_STARTED] = "STARTED",
}

local function group(call)
  local run, n = call.run, call.run.native
  if call.serdes.form and call.serdes == call.item_serdes then
    return composed(call, call.serdes.form)
  end
  local items = {}
  for i = 0, call.count - 1 do
    local rc, status, op, result, failure = native.engine_group_item(n, call.op, i)
    if rc and status ~= 0 then
      local v, object
      if status == native.STATUS_SUCCEEDED then
        local ok
        ok, v = serdes.read(run, op, call.item_serdes, result)
        if not ok then return give.failure(call, v, v.retryable) end
      elseif status == native.STATUS_FAILED and failure then
        local ok, read = native.decode(failure, native.FORM_PLAIN)
        object = ok and read or nil
      end
      items[#items + 1] = batch.item(i, STATUS[status], v, object)
    end
  end
  return value(call, batch.value(items, native.engine_group_reason(n, call.op)))
end

-- ---- a combinator

-- The engine can read what this input stores.
local function is_composable(input, form)
  local kind = input.kind
  if kind == "wait" or kind == "callback" then return true end
  if kind == "invoke" then return input.serdes.form == native.FORM_PLAIN end
  if kind == "callback_result" then return not input.received end
  return not input.is_raw and input.serdes.form == form
end

local function all_composable(call)
  local form = call.serdes.form
  if not form then return nil end
  for _, input in ipairs(call.inputs) do
    if not is_composable(input, form) then return nil end
  end
  return form
end

local function settled_value(input)
  if input.failure then
    return {status = "rejected", reason = errors.to_object(input.failure)}
  end
  local v = input.value
  if v == nil then v = native.null end
  return {status = "fulfilled", value = v}
end

local function combine(call, await)
  local form = all_composable(call)
  if form then return composed(call, form) end
  local winner = native.engine_op_winner(call.run.native, call.op)
  if winner then
    local input = call.inputs[winner + 1]
    await(input)
    if input.failure then return give.failure(call, input.failure, false) end
    return value(call, input.value)
  end
  local list = setmetatable({}, native.marks.array)
  for i, input in ipairs(call.inputs) do
    await(input)
    if call.mode == native.COMBINE_ALL and input.failure then
      return give.failure(call, input.failure, false)
    end
    if call.mode == native.COMBINE_SETTLED then
      list[i] = settled_value(input)
    elseif input.value == nil then
      list[i] = native.null
    else
      list[i] = input.value
    end
  end
  return value(call, list)
end

-- ---- wait_for_callback

local function received(call)
  if not call.received and call.serdes.form then return composed(call, call.serdes.form) end
  local text = native.engine_op_state(call.run.native, call.op)
  local ok, v = serdes.read(call.run, call.op, call.received or serdes.pass_through, text)
  if not ok then return give.failure(call, v, v.retryable) end
  return value(call, v)
end

-- Give the payload of `call`; `await` settles another call.  Nil, or a fatal
-- code.
function payload.run(call, await)
  if call.kind == "group" then return group(call) end
  if call.kind == "combine" then return combine(call, await) end
  return received(call)
end

return payload
