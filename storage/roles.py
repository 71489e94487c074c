"""The roles in which the application works. None of them owns a table, so forced row security binds each.

A process logs in as DATABASE_URL says and starts its sessions in one of these (the start-up parameter `role`); only
migrations, partitions and retention work as the owner. A login that is a member of the three and owns nothing will
do for a gateway as well.
"""

PIPELINE = "riskstream_pipeline"  # decides for every client: workers, and the durability order behind POST /v1/score
GATEWAY = "riskstream_gateway"  # sees the rows of one client, named in each session by CLIENT_SETTING
IDENTITY = "riskstream_identity"  # finds out who is calling, across clients; sees no payment
ROLES = (PIPELINE, GATEWAY, IDENTITY)

CLIENT_SETTING = "riskstream.client_id"  # the client of a gateway's session; without it no row is visible
