-- Tables to values and back.
local t = require "harness"
local durable = require "durable"

local has_integers = math.type ~= nil
local is_jit = type(rawget(_G, "jit")) == "table"

local function text(value)
  local out, why = durable.encode(value)
  if not out then error(why, 2) end
  return out
end

local function refused(pattern, value)
  local out, why = durable.encode(value)
  t.same(out, nil, "text")
  t.matches(why, pattern, "reason")
end

local function back(json) return text((durable.decode(json))) end

t.test("scalars", function()
  t.same(text(nil), "null")
  t.same(text(durable.null), "null")
  t.same(text(true), "true")
  t.same(text("a\0\"\n"), '"a\\u0000\\"\\n"')
  t.same(text(12), "12")
  t.same(text(-3), "-3")
  t.same(text(0.5), "0.5")
  t.same(text(2 ^ 53), has_integers and "9007199254740992.0" or "9007199254740992")
  t.same(durable.decode("null"), nil)
  t.same(durable.decode('"x"'), "x")
  t.same(durable.decode("1.5"), 1.5)
  t.same(text({1 / 0, -1 / 0, 0 / 0}):gsub("-?NaN", "NaN"), "[Infinity,-Infinity,NaN]")
end)

t.test("integers stay integers", function()
  t.same(text(durable.decode("7")), "7")
  if has_integers then
    t.same(math.type(durable.decode("7")), "integer")
    t.same(math.type(durable.decode("7.0")), "float")
    t.same(text(7.0), "7.0")
    t.same(back("9223372036854775807"), "9223372036854775807")
    t.same(back("-9223372036854775808"), "-9223372036854775808")
    local value, why = durable.decode('{"a":[9223372036854775808]}')
    t.same(value, nil)
    t.matches(why, "^%$%.a%[1%]: .*64 bits")
  else
    t.same(back("9007199254740992"), "9007199254740992")
  end
end)

t.test("64-bit integers where the Lua has none", function()
  if has_integers then return end
  if is_jit then
    t.same(back("9007199254740993"), "9007199254740993")
    t.same(back("-9223372036854775808"), "-9223372036854775808")
    t.same(type(durable.decode("9007199254740993")), "cdata")
    refused("cdata other", require("ffi").new("double[1]"))
    return
  end
  local value, why = durable.decode('{"a":{"b":9007199254740993}}')
  t.same(value, nil)
  t.matches(why, "^%$%.a%.b: the integer 9007199254740993 is not exact in this Lua")
end)

t.test("arrays and objects", function()
  t.same(text({}), "{}")
  t.same(text(durable.array {}), "[]")
  t.same(text(durable.object {}), "{}")
  t.same(text({1, 2, {3}}), "[1,2,[3]]")
  t.same(text({b = 1, a = {c = durable.array {}}}), '{"a":{"c":[]},"b":1}')
  t.same(text({durable.null, 1}), "[null,1]")
  t.same(text(durable.object({z = 1, a = 2, m = 3, b = durable.null}, {"z", "m", "gone"})),
    '{"z":1,"m":3,"a":2,"b":null}')
end)

t.test("what was read is written as it was", function()
  for _, json in ipairs {'[]', '{}', '{"a":[]}', '[[],[[]],{}]', '{"a":null}', '[null,null]'} do
    t.same(back(json), json)
  end
  local read = durable.decode('[1,2]')
  read[#read], read[1] = nil, nil
  t.same(text(read), "[]")
  t.same(durable.decode('{"a":null}').a, durable.null)
end)

t.test("what cannot be stored says where it is", function()
  refused("^%$%.a%[2%]%.f: a function cannot be stored", {a = {1, {f = print}}})
  refused("^%$: a thread cannot be stored", coroutine.create(function() end))
  refused("^%$%.u: a userdata cannot be stored", {u = io.stdout})
  refused("^%$%.mixed: a table is an array with the keys 1..n, or an object",
    {mixed = {1, x = 2}})
  refused("^%$: a table is an array", {[1] = 1, [3] = 3})
  refused("^%$: a table is an array", {[true] = 1})
  refused("^%$: an array has the keys 1..n", durable.array {x = 1})
end)

t.test("holes do not hide keys", function()
  for _, stray in ipairs {0, -1, 2.5, 9} do
    local list = {1, nil, 3}
    list[stray] = "stray"
    local text, why = durable.encode(list)
    t.same(text, nil)
    t.matches(why, "keys 1%.%.n")
  end
end)

t.test("cycles are refused with the path", function()
  local a = {b = {}}
  a.b.c = {a}
  refused("^%$%.b%.c%[1%]: a table that contains itself", a)
  local shared = {1}
  t.same(text({shared, shared}), "[[1],[1]]")
  local deep = {}
  local at = deep
  for _ = 1, 600 do
    at[1] = {}
    at = at[1]
  end
  refused("nested too deeply", deep)
end)

t.test("named kinds need the tagged form", function()
  local serdes = durable.serdes.tagged
  local value = {
    u = durable.typed("uuid", "12345678-1234-1234-1234-123456789abc"),
    d = durable.typed("decimal", "1.10"), b = durable.typed("bytes", "\1\2"),
    t = durable.tuple {1, 2}, w = durable.typed("datetime", "2026-01-02T03:04:05"),
    e = durable.tuple {},
  }
  local stored = serdes.serialize(value)
  local read = serdes.deserialize(stored)
  t.same(read, value)
  t.same(tostring(read.d), "1.10")
  t.same(serdes.serialize(read), stored)
  refused("%$%.b", {b = value.b})
  t.raises(nil, "", function() error({message = select(2, pcall(durable.typed, "x", "y"))}) end)
end)

t.test("text that is no JSON", function()
  local value, why = durable.decode("{1}")
  t.same(value, nil)
  t.matches(why, "%S")
  t.same(select(2, durable.decode('"\\ud83d\\ude00"')), nil)
  t.same(durable.decode('"\\ud83d\\ude00"'), "\240\159\152\128")
  local out = durable.encode("\255")
  t.same(out, nil)
end)

t.done()
