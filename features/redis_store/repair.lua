-- One step of a repair or rebuild: it writes only while its repair is the latest one, in the Redis process it began in.
-- The lock in Postgres keeps two repairs apart in general; it ends with its connection, so it cannot do so always.
--
-- KEYS  1 epoch of the latest repair, then by action:
-- ARGV  1 epoch of this repair, 2 run id, 3 action, then by action:
--   begin   KEYS 2 epoch                              from here on no batch is counted, no older repair writes
--   patch   KEYS 2 markers, states   ARGV 4 time to live (s), a state per key, then source and marker in turn
--   adopt   KEYS 2 epoch             ARGV 4 its value
--   forget  KEYS 2.. keys to delete
--
-- Returns 1, or 0 if it did nothing.

if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[2], 1, true) then return 0 end
local latest, mine, action = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]), ARGV[3]

if action == 'begin' then
  if latest > mine then return 0 end
  redis.call('SET', KEYS[1], ARGV[1])
  local value = redis.call('GET', KEYS[2])
  if value then  -- the run id goes: nothing that was read under this value can be applied any more
    redis.call('SET', KEYS[2], (string.gsub(value, '^(%d+|%d+|)[^|]*', '%1-')))
  end
  return 1
end

if latest ~= mine then return 0 end
if action == 'patch' then
  local states = #KEYS - 2
  for i = 1, states do
    redis.call('SET', KEYS[2 + i], ARGV[4 + i], 'EX', ARGV[4])
  end
  for i = 5 + states, #ARGV, 2 do
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
elseif action == 'adopt' then
  redis.call('SET', KEYS[2], ARGV[4])
else
  for i = 2, #KEYS do
    redis.call('UNLINK', KEYS[i])
  end
end
return 1
