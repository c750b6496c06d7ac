-- work: the reference workloads in Lua, against a fake service in the same
-- process; as bench/c/work.c.
local bench = require "bench_fake"
local durable = require "durable"

local workload = arg[1] or "start"
local count = tonumber(arg[2]) or 1
local latency = tonumber(arg[3]) or 0

local function sequence(_, ctx)
  for i = 1, count do ctx:step("s", function() return i end) end
  return count
end

local function mapping(_, ctx)
  local items = {}
  for i = 1, count do items[i] = i end
  return ctx:map("m", items, function(child, item)
    return child:step("s", function() return item end)
  end).success_count
end

local event = bench.event(workload == "replay" and count or 0)
local transport = bench.fake(latency)
local handler = durable.handler(workload == "map" and mapping or sequence)
collectgarbage()
local wall, cpu, resident = bench.now()
local ok, output = durable.invoke(handler, event, {transport = transport})
local wall_end, cpu_end, _, peak, calls, updates = bench.now()
print(('{"sdk":"lua","workload":"%s","n":%d,"latency_ms":%d,"rc":%d,"output":%s,'
  .. '"wall_s":%.6f,"cpu_s":%.6f,"calls":%d,"updates":%d,"added_mb":%.2f}'):format(
  workload, count, latency, ok and 0 or 1, output, wall_end - wall, cpu_end - cpu, calls,
  updates, (peak - resident) / 1024))
os.exit(ok)
