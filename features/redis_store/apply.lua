-- Apply one batch, or refuse it without a trace. The point of no return of the durability order.
--
-- KEYS  1 epoch, 2 markers, 3 journal, 4 claims of entries in the journal, 5 prefix of the claims dropped in a tick,
--       then entity keys: first the accounts, then the shared entities
-- ARGV  1 epoch value, 2 run id of the Redis process that was read, 3 source, 4 marker read ("" none),
--       5 new marker ("+3": the last of the next three numbers, for calls; "+0" only see whether it would be
--       taken, with a key to write in the place of an entity's), 6 journal entry, 7 tick of the read, 8 tick length (s),
--       9 time to live of states (s), 10 number of accounts, 11 number of claims, 12 number of shared entities, then
--       the claims, per account: prefix read, new state; per shared entity: prefix read, length read, new state, delta
--
-- Returns {"ok", new marker}, or {"epoch"}, {"marker", found}, {"stale"}, {"claimed", index...}, {"moved", index...}
-- with indices from 0.

local PREFIX = 13  -- last byte of the state's prefix (features/packing.py)
local CLAIMS_A_CALL = 1000  -- keeps unpack() far below Lua's stack limit

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'epoch'} end
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[2], 1, true) then return {'epoch'} end
local source, marker = ARGV[3], redis.call('HGET', KEYS[2], ARGV[3]) or ''
local calls = tonumber(string.match(ARGV[5], '^%+(%d+)$'))
if not calls and marker ~= ARGV[4] then return {'marker', marker} end
local tick = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[8]))
-- An id counted by another source is in the journal's claims until Postgres has it, and for two ticks more among the
-- dropped ones (a third for the look at Postgres that ran beside the read). So an older look must be done again.
if tick - tonumber(ARGV[7]) > 1 then return {'stale'} end

local accounts, claims, shared = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local at = 12
local claimed = {'claimed'}
for lo = 1, claims, CLAIMS_A_CALL do
  local hi = math.min(lo + CLAIMS_A_CALL - 1, claims)
  for _, key in ipairs({KEYS[4], KEYS[5] .. tick, KEYS[5] .. (tick - 1), KEYS[5] .. (tick - 2)}) do
    local known = redis.call('SMISMEMBER', key, unpack(ARGV, at + lo, at + hi))
    for i = 1, #known do
      if known[i] == 1 then claimed[#claimed + 1] = tostring(lo + i - 2) end
    end
  end
end
if #claimed > 1 then return claimed end

at = at + claims
local moved = {'moved'}
for i = 1, accounts do
  if redis.call('GETRANGE', KEYS[5 + i], 0, PREFIX) ~= ARGV[at + 2 * i - 1] then moved[#moved + 1] = tostring(i - 1) end
end
if #moved > 1 then return moved end

-- Everything that could fail in the middle fails here. Redis refuses for its memory, its role or its disk at the first
-- write only, so that an error of this script means: nothing was written (contracts/store_errors.py).
if calls and marker ~= '' and not string.find(marker, '^%-?%d+$') then
  return redis.error_reply('WRONGTYPE a marker is not a number')
end
redis.call('HLEN', KEYS[3])
if redis.acl_check_cmd then
  local commands = {
    {'SADD', KEYS[4], ''}, {'HSET', KEYS[2], '', ''}, {'HINCRBY', KEYS[2], '', '1'}, {'HSET', KEYS[3], '', ''},
  }
  local entity = KEYS[6]
  if entity then
    for _, each in ipairs({{'SET', entity, '', 'EX', '1'}, {'APPEND', entity, ''}, {'EXPIRE', entity, '1'}}) do
      commands[#commands + 1] = each
    end
  end
  for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(unpack(command)) then
      return redis.error_reply('NOPERM this user may not run ' .. command[1])
    end
  end
end
at = at + 2 * accounts
local lengths, same = {}, {}
for i = 1, shared do
  local key, argument = KEYS[5 + accounts + i], at + 4 * i
  lengths[i] = redis.call('STRLEN', key)
  same[i] = lengths[i] == tonumber(ARGV[argument - 2]) and redis.call('GETRANGE', key, 0, PREFIX) == ARGV[argument - 3]
end

if calls == 0 then  -- a probe: would a batch be taken now
  redis.call('SET', KEYS[6], '', 'EX', ARGV[9])
  return {'ok', marker}
end

-- From here on everything is written.
for lo = 1, claims, CLAIMS_A_CALL do
  redis.call('SADD', KEYS[4], unpack(ARGV, 12 + lo, 12 + math.min(lo + CLAIMS_A_CALL - 1, claims)))
end
local ttl = ARGV[9]
for i = 1, accounts do
  redis.call('SET', KEYS[5 + i], ARGV[at - 2 * accounts + 2 * i], 'EX', ttl)
end
for i = 1, shared do
  local key, argument = KEYS[5 + accounts + i], at + 4 * i
  if same[i] or lengths[i] == 0 then  -- 0: expired since it was read, and nothing that a feature could read is in it
    redis.call('SET', key, ARGV[argument - 1], 'EX', ttl)
  else
    redis.call('APPEND', key, ARGV[argument])
    redis.call('EXPIRE', key, ttl)
  end
end
local new_marker = ARGV[5]
if calls then
  new_marker = tostring(redis.call('HINCRBY', KEYS[2], source, calls))
else
  redis.call('HSET', KEYS[2], source, new_marker)
end
if #ARGV[6] > 0 then redis.call('HSET', KEYS[3], source .. ':' .. new_marker, ARGV[6]) end
return {'ok', new_marker}
