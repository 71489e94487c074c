-- What a batch has to know before it reads states: is this the Redis that was repaired, and how far is the source.
--
-- KEYS 1 epoch, 2 markers   ARGV 1 source, 2 tick length (s)
-- Returns {epoch value, run id, marker or false, tick}

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local tick = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[2]))
return {redis.call('GET', KEYS[1]), run, redis.call('HGET', KEYS[2], ARGV[1]), tick}
