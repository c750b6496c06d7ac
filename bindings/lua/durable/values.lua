-- values: what Lua has no word for: null, empty arrays, the order of members,
-- and the kinds that only the tagged form can store.
local native = require "durable.native"

local values = {null = native.null}

local marks = native.marks

-- Texts for people; null is a light userdata and has none.
for kind, mark in pairs(marks) do
  if kind ~= "array" and kind ~= "tuple" then
    mark.__tostring = function(self) return self.text end
  end
end

-- array(t): t, marked as an array, so that it is one while it is empty, too.
function values.array(t) return setmetatable(t or {}, marks.array) end

-- tuple(t): the same of a tuple, which the tagged form tells from a list.
function values.tuple(t) return setmetatable(t or {}, marks.tuple) end

-- object(t, keys): t, marked as an object, with its members in the order of the
-- list `keys`; those that it does not name follow, sorted.
function values.object(t, keys)
  return setmetatable(t or {}, {__durable = "object", keys = keys})
end

-- typed(kind, text): a "bytes", "uuid", "decimal", "datetime" or "date".
function values.typed(kind, text)
  local mark = marks[kind]
  if not mark or kind == "array" or kind == "tuple" or type(text) ~= "string" then
    error("typed: a kind (bytes, uuid, decimal, datetime, date) and its text were expected", 2)
  end
  return setmetatable({text = text}, mark)
end

-- encode(value): JSON text; or nil and why it has none.
function values.encode(value) return native.encode(value, native.FORM_PLAIN) end

-- decode(text): the value; or nil and why the text is no JSON.
function values.decode(text)
  local ok, value = native.decode(text, native.FORM_PLAIN)
  if ok then return value end
  return nil, value
end

return values
