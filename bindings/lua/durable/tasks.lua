-- tasks: strands of user code, which are coroutines, and the one way to block.
--
-- A task parks by a yield that its invocation's loop catches.  One that is
-- suspended yields once more and is never resumed: no pcall of the user's can
-- see it.  Where this Lua's pcall cannot be yielded through (5.1), the globals
-- pcall and xpcall are replaced for the inside of tasks by ones that can: they
-- run the function in a coroutine and pass its yields on.  A function written in
-- C is called as ever: nothing can yield through it.
local native = require "durable.native"
local errors = require "durable.errors"

local tasks = {PARK = {}, SUSPEND = {}}

local E_STATE = native.E_STATE

local create, resume, status = coroutine.create, coroutine.resume, coroutine.status
local yield, running = coroutine.yield, coroutine.running
local isyieldable = coroutine.isyieldable
local close = coroutine.close
local raw_pcall, raw_xpcall = pcall, xpcall
local unpack = table.unpack or unpack
local traceback = debug.traceback

local current -- the task whose coroutine runs

-- ---- pcall

local function pcall_is_resumable()
  local co = create(function() raw_pcall(function() yield() end) end)
  return resume(co) and status(co) == "suspended"
end

tasks.pcall_is_resumable = pcall_is_resumable()
tasks.raw_pcall = raw_pcall -- for what does not yield

local function ended(task, outer, co, handler, ok, ...)
  if ok and status(co) == "suspended" then
    return ended(task, outer, co, handler, resume(co, yield(...)))
  end
  task.top = outer
  if ok then return true, ... end
  if handler then return false, select(2, raw_pcall(handler, (...), co)) end
  return false, ...
end

local function is_lua(fn)
  return type(fn) ~= "function" or debug.getinfo(fn, "S").what ~= "C" or fn == yield
end

-- Run `fn` in a coroutine, as a part of `task`.
local function nested(task, handler, fn, ...)
  local outer = task.top
  local co = create(function(...) return fn(...) end)
  task.top = co
  return ended(task, outer, co, handler, resume(co, ...))
end

local function in_task()
  local task = current
  if task and running() == task.top then return task end
end

if tasks.pcall_is_resumable then
  tasks.pcall, tasks.xpcall = raw_pcall, raw_xpcall
else
  function tasks.pcall(fn, ...)
    local task = in_task()
    if not task or task.inside or not is_lua(fn) then return raw_pcall(fn, ...) end
    return nested(task, nil, fn, ...)
  end
  function tasks.xpcall(fn, handler, ...)
    local task = in_task()
    if task and not task.inside then return nested(task, handler, fn, ...) end
    if select("#", ...) == 0 then return raw_xpcall(fn, handler) end
    local args, n = {...}, select("#", ...)
    return raw_xpcall(function() return fn(unpack(args, 1, n)) end, handler)
  end
  _G.pcall, _G.xpcall = tasks.pcall, tasks.xpcall
end

-- ---- functions of the user's that are asked, not run

local function left(task, outside, ...)
  task.inside = outside
  return ...
end

-- As pcall; nothing durable can be done inside of `fn`, a `what`: it is called
-- whenever an answer is needed, not in the order of the workflow.
function tasks.within(what, fn, ...)
  local task = in_task()
  if not task then return raw_pcall(fn, ...) end
  local outside = task.inside
  task.inside = what
  if tasks.pcall_is_resumable then return left(task, outside, raw_pcall(fn, ...)) end
  return left(task, outside, nested(task, nil, fn, ...))
end

-- ---- running a body

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    line = line:gsub("^%s+", "")
    if line ~= "stack traceback:" and not line:find("durable/tasks.lua", 1, true)
      and not line:find("in function 'xpcall'", 1, true) then
      lines[#lines + 1] = line
    end
    if #lines == 20 then break end
  end
  return lines
end

local function to_error(raised, co)
  if type(raised) == "table" then return errors.of(raised) end
  local text = co and traceback(co) or traceback("", 2)
  return errors.of(raised, lines_of(text))
end

-- The error handler itself was cut off.  For want of memory: what of the loop's
-- own was cut off, too, is not known, and the invocation is given up.  For want of
-- stack: it is an error of the body, like any other.
local function unhandled(task, raised)
  if errors.words(raised):find("memory", 1, true) then task.run.fault = raised end
  return false, errors.of(raised)
end

local function settle(task, ok, ...)
  if task.broken then return false, task.broken end
  if not ok and type((...)) ~= "table" then return unhandled(task, (...)) end
  if task.parking then
    task.broken = errors.refused(E_STATE,
      "an operation was called where this Lua cannot yield: inside of a metamethod, an "
      .. "iterator, a sort, or a pcall that was taken before durable was required")
    return false, task.broken
  end
  return ok, ...
end

-- Call a body: true and what it returned, or false and an error object.
function tasks.call(task, fn, ...)
  return settle(task, tasks.xpcall(fn, to_error, ...))
end

-- ---- blocking

function tasks.current() return current end

local function foreign(self)
  if type(self) ~= "table" or not self.run then
    error(errors.validation("a method was called without its object: write ctx:step(...), "
      .. "with a colon"), 0)
  end
  error(errors.refused(E_STATE, "a context or future of another invocation was used: it lives "
    .. "as long as the invocation that it came from"), 0)
end

-- The task that may begin an operation of `self`, a context or a call, now; else
-- an error says why none can.
function tasks.entering(self)
  local task = current
  if not task then
    error(errors.refused(E_STATE, "an operation was called outside of a workflow: its invocation "
      .. "is over, or the function is not run by durable"), 0)
  end
  if task.broken or task.parking then
    local _, why = settle(task, true)
    error(why, 0)
  end
  if task.inside then
    error(errors.refused(E_STATE, "nothing durable can be done inside of a " .. task.inside
      .. ": use the context outside of it"), 0)
  end
  if running() ~= task.top then
    error(errors.refused(E_STATE, "an operation was called in a coroutine of your own: start it by "
      .. "ctx:start(), and await it outside"), 0)
  end
  if type(self) ~= "table" or self.run ~= task.run then foreign(self) end
  return task
end

function tasks.may_yield()
  if isyieldable and not isyieldable() then
    error(errors.refused(E_STATE, "an operation cannot be called inside of a metamethod, an iterator "
      .. "or a sort: Lua cannot yield there"), 0)
  end
end

function tasks.park(task)
  task.parking = true
  yield(tasks.PARK)
end

function tasks.suspend(task)
  task.parking = true
  yield(tasks.SUSPEND)
  error("a suspended task was resumed", 0)
end

-- ---- the loop's side

-- new(run, id, fn): a task of the invocation that will call fn(task).
function tasks.new(run, id, fn)
  local task = {run = run, id = id, open = {}}
  task.co = create(function() return fn(task) end)
  task.top = task.co
  return task
end

-- Go on with it: tasks.PARK, tasks.SUSPEND, nil when it only yielded, true when
-- it is over.
function tasks.resume(task)
  local before = current
  current = task
  local ok, what = resume(task.co)
  current = before
  task.parking = nil
  if not ok then error(what, 0) end
  if status(task.co) == "dead" then return true end
  if what == tasks.PARK or what == tasks.SUSPEND then return what end
end

-- Give its stack up; where Lua has them, its to-be-closed variables are closed.
function tasks.drop(task)
  if close then raw_pcall(close, task.co) end
  task.co, task.top = nil, nil
end

return tasks
