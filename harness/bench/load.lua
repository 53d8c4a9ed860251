-- Sends calls from a file in turn, a line each: signature, tab, body.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local calls, i = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    wrk.headers["zitadel-signature"], wrk.body = line:match("^([^\t]*)\t(.*)$")
    calls[#calls + 1] = wrk.format()
  end
end

function request()
  i = i % #calls + 1
  return calls[i]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'result {"requests":%d,"seconds":%.6f,"p50Us":%d,"p99Us":%d,"errors":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
