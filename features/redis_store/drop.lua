-- Drop journal entries that Postgres has; their claims stay known for a while (see apply.lua).
--
-- KEYS  1 journal, 2 claims of entries in the journal, 3 prefix of the claims dropped in a tick
-- ARGV  1 tick length (s), 2 number of fields, then the fields, then the claims

local CLAIMS_A_CALL = 1000
local fields = tonumber(ARGV[2])
redis.call('HDEL', KEYS[1], unpack(ARGV, 3, 2 + fields))
local recent = KEYS[3] .. math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[1]))
for lo = 3 + fields, #ARGV, CLAIMS_A_CALL do
  local hi = math.min(lo + CLAIMS_A_CALL - 1, #ARGV)
  redis.call('SREM', KEYS[2], unpack(ARGV, lo, hi))
  redis.call('SADD', recent, unpack(ARGV, lo, hi))
end
redis.call('EXPIRE', recent, 4 * tonumber(ARGV[1]))
return redis.status_reply('OK')
