-- snippet FILE LINE PAGE INPUT CALLBACK COLLAPSE: run a Lua block of the docs and
-- print what came of it; see snippets.py.
local file, line, page, input, callback, collapse = arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]
local durable = require "durable"
local testing = require "durable.testing"

local source = assert(io.open(file)):read("*a")
local inside = source:find("-- inside a handler", 1, true)
if inside then source = "return function(event, ctx) " .. source .. "\nend" end
local chunk = assert((loadstring or load)(("\n"):rep(line - 1) .. source, "@" .. page))
local got = chunk()
if got == nil then return end -- a program

if type(got) ~= "table" then got = {handler = got} end
local functions = {
  echo = durable.plain(function(event) return event end),
}
local main = got.handler
if main == nil then main, got = got, {} end
for name, fn in pairs(got) do
  if name ~= "handler" and type(name) == "string" then functions[name] = fn end
end

local quiet = inside and durable.handler(main, {log = function() end}) or main
local runner = testing.runner(quiet, {functions = functions, collapse = collapse == "1"})
local run = runner:run(durable.decode(input))
while run.status == "RUNNING" and callback ~= "" do
  local kind, body = callback:match("^(%S+) ?(.*)$")
  for _, op in ipairs(run.operations) do
    if op.callback_id and op.type == "Callback" and op.status == "STARTED" then
      if kind == "succeed" then
        runner:succeed_callback_raw(op, body)
      else
        runner:fail_callback(op, "Error", body)
      end
    end
  end
  run = runner:go_on(run)
end
if inside then
  assert(run.status == "SUCCEEDED", tostring(run.status) .. " " .. tostring(run.error))
elseif run.error then
  print(run.status .. " " .. tostring(run.error))
else
  print(run.status .. (run.payload and " " .. run.payload or ""))
end
runner:close()
