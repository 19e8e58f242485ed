-- Sends the requests of a file in turn; with a rate, at moments drawn at random that make it so on average.
-- wrk -s wrk.lua http://… -- FILE [REQUESTS-A-SECOND SEED]
local requests, at = {}, 0
local ffi = require('ffi')
ffi.cdef [[
  typedef struct { long seconds; long microseconds; } moment;
  int gettimeofday(moment *now, void *zone);
]]

local function now()
  local moment = ffi.new('moment')
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.seconds) * 1000 + tonumber(moment.microseconds) / 1000
end

function init(args)
  local file = io.open(args[1], 'rb')
  for text in file:read('*a'):gmatch('[^%z]+') do requests[#requests + 1] = text end
  file:close()
  local rate = tonumber(args[2])
  if rate == nil then return end
  math.randomseed(tonumber(args[3]))
  local due = now()
  function delay()
    due = due - math.log(1 - math.random()) * 1000 / rate
    return math.max(0, math.floor(due - now() + 0.5))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local faults = summary.errors
  io.write(string.format('\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d,"lost":%d,"processor":%f}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, faults.status,
    faults.connect + faults.read + faults.write + faults.timeout, os.clock()))
end
