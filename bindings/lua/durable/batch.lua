-- batch: what a map or parallel comes to.
--
--   all                a list of {index, status, result, error}, index from 1;
--                      items that were never started are not in it
--   completion_reason  "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED",
--                      "FAILURE_TOLERANCE_EXCEEDED", "CUSTOM_COMPLETION_SUCCEEDED",
--                      "CUSTOM_COMPLETION_FAILED"
--   status             "FAILED" when any item failed, else "SUCCEEDED"
--   total_count, success_count, failure_count, started_count, has_failure
local native = require "durable.native"
local errors = require "durable.errors"
local values = require "durable.values"

local batch = {}

local Batch = {}
Batch.__index = Batch

local function some(self, status)
  local out = {}
  for _, item in ipairs(self.all) do
    if item.status == status then out[#out + 1] = item end
  end
  return out
end

function Batch:succeeded() return some(self, "SUCCEEDED") end
function Batch:failed() return some(self, "FAILED") end
function Batch:started() return some(self, "STARTED") end

-- The results of the items that succeeded with one, in the order of the items.
function Batch:get_results()
  local out = values.array {}
  for _, item in ipairs(self.all) do
    if item.status == "SUCCEEDED" and item.result ~= nil then out[#out + 1] = item.result end
  end
  return out
end

function Batch:get_errors()
  local out = {}
  for _, item in ipairs(self:failed()) do out[#out + 1] = item.error end
  return out
end

-- Raise a ChildContextError that names the first item that failed.
function Batch:throw_if_error()
  local item = self:failed()[1]
  if not item then return self end
  local e = item.error
  error(errors.of_object({
    ErrorMessage = ("item %d: %s"):format(item.index, e and e.message or "failed"),
    ErrorType = e and e.type, ErrorData = e and e.data, StackTrace = e and e.stack,
  }, native.OPERATION_ERROR_CHILD_CONTEXT), 0)
end

local function present(value)
  if value ~= native.null then return value end
end

local function item_of(v)
  local failure = present(v.error)
  return {
    index = (v.index or 0) + 1,
    status = v.status or "STARTED",
    result = present(v.result),
    error = type(failure) == "table" and next(failure) ~= nil
      and errors.of_object(failure, native.OPERATION_ERROR_CHILD_CONTEXT) or nil,
  }
end

-- From the value that is stored.
function batch.of(value)
  local self = setmetatable({all = {}, success_count = 0, failure_count = 0, started_count = 0},
    Batch)
  value = type(value) == "table" and value or {}
  for i, v in ipairs(type(value.all) == "table" and value.all or {}) do
    local item = item_of(v)
    self.all[i] = item
    local count = item.status == "SUCCEEDED" and "success_count"
      or item.status == "FAILED" and "failure_count" or "started_count"
    self[count] = self[count] + 1
  end
  self.total_count = #self.all
  self.has_failure = self.failure_count > 0
  self.status = self.has_failure and "FAILED" or "SUCCEEDED"
  self.completion_reason = value.completionReason or "ALL_COMPLETED"
  return self
end

-- ---- the value that is stored

local ITEM = {"index", "status", "result", "error"}
local BATCH = {"all", "completionReason"}

function batch.item(index, status, result, failure)
  if result == nil then result = native.null end
  return values.object({
    index = index, status = status, result = result, error = failure or native.null,
  }, ITEM)
end

function batch.value(items, reason)
  return values.object({all = values.array(items), completionReason = reason}, BATCH)
end

return batch
