-- Suite "wait".
local suite = {}

suite["2-1"] = function(_, ctx) ctx:wait(2) end

suite["2-2"] = function(_, ctx) ctx:wait("custom_wait_name", 2) end

suite["2-3"] = function(_, ctx)
  ctx:wait("wait-1", 2)
  ctx:wait("wait-2", 2)
  return {completedWaits = 2}
end

suite["2-4"] = function(_, ctx) ctx:wait {minutes = 1} end

suite["2-5"] = function(_, ctx) ctx:wait {hours = 1} end

return suite
