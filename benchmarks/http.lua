-- wrk -s http.lua URL -- KIND TOKEN FILE_OF_ACCOUNT_IDS ROOT: requests of one kind over many accounts.
local kind, root, ids, stamp, count
local headers = {["Content-Type"] = "application/json"}

function setup(thread)
   number = (number or 0) + 1
   thread:set("id", number)
end

function init(args)
   kind, root, ids, count = args[1], args[4], {}, 0
   if args[2] ~= "" then headers["Authorization"] = "Bearer " .. args[2] end
   for line in io.lines(args[3]) do ids[#ids + 1] = line end
   math.randomseed(os.time() + id)
   stamp = string.format("%d-%d-%d", os.time(), math.random(1, 1e9), id)
end

local function key()
   count = count + 1
   return stamp .. "-" .. count
end

local make = {}

function make.deposit(account)
   headers["Idempotency-Key"] = key()
   local body = '{"amount": {"amount": "1.00", "currency": "EUR"}, "reference": "salary"}'
   return wrk.format("POST", root .. "/accounts/" .. account .. "/deposits", headers, body)
end

function make.account(account)
   return wrk.format("GET", root .. "/accounts/" .. account, headers)
end

function make.movements(account)
   return wrk.format("GET", root .. "/accounts/" .. account .. "/transactions", headers)
end

function make.batch()
   headers["Content-Type"] = "application/x-ndjson"
   local lines = {}
   for n = 1, 1000 do
      lines[n] = '{"type":"Deposit","idempotency_key":"' .. key() .. '","account_id":"' .. ids[math.random(#ids)]
         .. '","amount":{"amount":"1.00","currency":"EUR"},"reference":"salary"}'
   end
   return wrk.format("POST", root .. "/batches", headers, table.concat(lines, "\n"))
end

function request()
   return make[kind](ids[math.random(#ids)])
end
