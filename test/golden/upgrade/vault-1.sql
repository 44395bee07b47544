-- password of bob: correct horse battery
-- token of ann: tocsin_nLJgVIGEtg_b37ZxvXaCXdVOM79ZPeFGFv01v7cRWUQ
-- status of bob: 208abb96-818a-4e4f-8e32-604dd0784f5b
-- identity: {"type": "identity", "spec_version": "2.1", "id": "identity--5893dc85-6f7e-4e6d-a688-74741bcc6955", "created_by_ref": "identity--5893dc85-6f7e-4e6d-a688-74741bcc6955", "created": "2026-11-27T03:55:46.418Z", "modified": "2026-11-27T03:55:46.418Z", "name": "CERT Old", "roles": ["cert"], "identity_class": "organization"}
pragma page_size = 8192;
pragma application_id = 1953457011;
begin;
CREATE TABLE store_schema(name text primary key, version integer not null) without rowid;
CREATE TABLE vault_state(  one integer primary key check(one = 1), last integer not null, epoch blob not null,  seed integer not null, quarantined integer not null);
CREATE TABLE vault_name(number integer primary key, name text not null unique);
CREATE TABLE collection(  number integer primary key autoincrement, id blob not null unique, alias text not null unique,  title text not null, description text not null, never_leaves integer not null,  made integer not null);
CREATE TABLE object(  added integer primary key, collection integer not null, last integer not null,  kind integer not null, facts blob not null, bytes blob not null);
CREATE INDEX object_page on object(collection, last, added);
CREATE INDEX object_kind on object(collection, kind, last, added);
CREATE TABLE entry(key integer not null, added integer not null, primary key(key, added))  without rowid;
CREATE TABLE status(  id blob primary key, collection integer not null, owner text not null,  requested integer not null, complete integer not null, total integer not null,  successes integer not null, failures integer not null, details blob not null) without rowid;
CREATE INDEX status_requested on status(requested);
CREATE TABLE quarantine(  number integer primary key autoincrement, at integer not null, collection integer not null,  source integer not null, reason text not null, digest integer not null, id text not null,  version text not null, version_at integer not null, created integer, creator text not null,  facts integer not null, bytes blob not null);
CREATE INDEX quarantine_digest on quarantine(digest);
CREATE TABLE memo_state(one integer primary key check(one = 1), epoch integer not null);
CREATE TABLE memo_user(  number integer primary key autoincrement, name text not null unique, roles integer not null,  identity text unique, party text, password text, epoch integer not null,  made integer not null);
CREATE INDEX memo_user_party on memo_user(party) where party is not null;
CREATE TABLE memo_credential(  digest text primary key, kind integer not null, user integer not null, made integer not null)  without rowid;
CREATE INDEX memo_credential_user on memo_credential(user, kind);
CREATE TABLE memo_grant(  collection text not null, user integer not null, rights integer not null,  primary key(collection, user)) without rowid;
CREATE INDEX memo_grant_user on memo_grant(user);
CREATE TABLE peer (name text primary key, kind integer not null, url text not null, auth integer not null, login text not null, ca blob not null, cert blob not null, pin text not null, every integer not null) without rowid;
CREATE TABLE peer_link (peer text not null references peer(name) on delete cascade, way integer not null, remote text not null, local text not null, state blob not null, stamp integer not null, tried integer, succeeded integer, fault text not null, objects integer not null, skew integer, primary key (peer, way, remote, local)) without rowid;
insert into store_schema values('memo', 1);
insert into store_schema values('peer', 1);
insert into store_schema values('vault', 1);
insert into vault_state values(1, 1795751746816856, x'e70f8292c0ec44b69ed81feafe0cc6dd', -1285802830696695306, 2);
insert into vault_name values(1, 'local');
insert into vault_name values(2, 'indicator');
insert into vault_name values(3, 'ipv4-addr');
insert into vault_name values(4, 'identity');
insert into vault_name values(5, 'user:bob');
insert into vault_name values(6, 'sync:itself');
insert into collection values(1, x'c0000000000040008000000000000001', 'indicators', 'What we saw; it''s "ours"', 'Täglich
neu', 0, 1795751746442297);
insert into collection values(2, x'c0000000000040008000000000000002', 'inside', 'inside', '', 1, 1795751746456693);
insert into collection values(3, x'c0000000000040008000000000000003', 'copy', 'copy', '', 0, 1795751746468487);
delete from sqlite_sequence;
insert into sqlite_sequence values('collection', 3);
insert into sqlite_sequence values('memo_user', 4);
insert into sqlite_sequence values('quarantine', 2);
insert into object values(1795751746643662, 1, 0, 2, x'00402046484706000040204648470600000000000000400080000000000000010000000000000000000000000000000001000000150000010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000001",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "first of two versions",
   "pattern": "[domain-name:value = ''host-1.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z"
  }' as blob));
insert into object values(1795751746658998, 1, 1, 2, x'00a0f7635c4706000040204648470600000000000000400080000000000000010000000000000000000000000000000001000000150000010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000001",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-02T00:00:00.000Z",
   "name": "second of two versions",
   "pattern": "[domain-name:value = ''host-1.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z"
  }' as blob));
insert into object values(1795751746658999, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000020000000000000000000000000000000001000000150000010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000002",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "東京電力を狙う攻撃",
   "pattern": "[domain-name:value = ''host-2.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "labels": [
    "ελληνικά",
    "it''s \"quoted\""
   ]
  }' as blob));
insert into object values(1795751746659000, 1, 1, 2, x'4022224648470600004020464847060000000000000040008000000000000003000000000000000000000000000000000100000015000201001b000000000000323032362d30312d30315430303a30303a30302e3132333435365a', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000003",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.123456Z",
   "name": "host-3.flow.example",
   "pattern": "[domain-name:value = ''host-3.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "object_marking_refs": [
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
   ]
  }' as blob));
insert into object values(1795751746659001, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000040000000000000000000000000000000001000000150005010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000004",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "host-4.flow.example",
   "pattern": "[domain-name:value = ''host-4.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "object_marking_refs": [
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
   ]
  }' as blob));
insert into object values(1795751746659002, 1, 1, 2, x'0000cf81704706000040204648470600000000000000400080000000000000050000000000000000000000000000000001000000150000010100000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000005",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-03T00:00:00.000Z",
   "name": "host-5.flow.example",
   "pattern": "[domain-name:value = ''host-5.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "revoked": true
  }' as blob));
insert into object values(1795751746659003, 1, 1, 3, x'00000000000000000000000000000080ff26c05563365bc5b98d13d6226742dd0000000000000000000000000000000001000000150800010200000000000000', cast('{
   "type": "ipv4-addr",
   "spec_version": "2.1",
   "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
   "value": "198.51.100.3"
  }' as blob));
insert into object values(1795751746659004, 1, 1, 4, x'00402046484706000040204648470600a000000000004000800000000000000a0000000000000000000000000000000001000000150800000000000000000000', cast('{
   "type": "identity",
   "spec_version": "2.1",
   "id": "identity--a0000000-0000-4000-8000-00000000000a",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "Partner",
   "identity_class": "organization"
  }' as blob));
insert into object values(1795751746774353, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000060000000000000000000000000000000005000000150000010000000000000000', cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000006", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-6.flow.example", "pattern": "[domain-name:value = ''host-6.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into object values(1795751746816850, 3, 1, 2, x'00a0f7635c4706000040204648470600000000000000400080000000000000010000000000000000000000000000000006000000150000010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000001",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-02T00:00:00.000Z",
   "name": "second of two versions",
   "pattern": "[domain-name:value = ''host-1.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z"
  }' as blob));
insert into object values(1795751746816851, 3, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000020000000000000000000000000000000006000000150000010000000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000002",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "東京電力を狙う攻撃",
   "pattern": "[domain-name:value = ''host-2.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "labels": [
    "ελληνικά",
    "it''s \"quoted\""
   ]
  }' as blob));
insert into object values(1795751746816852, 3, 1, 2, x'4022224648470600004020464847060000000000000040008000000000000003000000000000000000000000000000000600000015000201001b000000000000323032362d30312d30315430303a30303a30302e3132333435365a', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000003",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.123456Z",
   "name": "host-3.flow.example",
   "pattern": "[domain-name:value = ''host-3.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "object_marking_refs": [
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
   ]
  }' as blob));
insert into object values(1795751746816853, 3, 1, 2, x'0000cf81704706000040204648470600000000000000400080000000000000050000000000000000000000000000000006000000150000010100000000000000', cast('{
   "type": "indicator",
   "spec_version": "2.1",
   "id": "indicator--00000000-0000-4000-8000-000000000005",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-03T00:00:00.000Z",
   "name": "host-5.flow.example",
   "pattern": "[domain-name:value = ''host-5.flow.example'']",
   "pattern_type": "stix",
   "valid_from": "2026-01-01T00:00:00Z",
   "revoked": true
  }' as blob));
insert into object values(1795751746816854, 3, 1, 3, x'00000000000000000000000000000080ff26c05563365bc5b98d13d6226742dd0000000000000000000000000000000006000000150800010200000000000000', cast('{
   "type": "ipv4-addr",
   "spec_version": "2.1",
   "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
   "value": "198.51.100.3"
  }' as blob));
insert into object values(1795751746816855, 3, 1, 4, x'00402046484706000040204648470600a000000000004000800000000000000a0000000000000000000000000000000006000000150800000000000000000000', cast('{
   "type": "identity",
   "spec_version": "2.1",
   "id": "identity--a0000000-0000-4000-8000-00000000000a",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "Partner",
   "identity_class": "organization"
  }' as blob));
insert into object values(1795751746816856, 3, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000060000000000000000000000000000000006000000150000010000000000000000', cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000006", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-6.flow.example", "pattern": "[domain-name:value = ''host-6.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into entry values(9670198939970, 1795751746659003);
insert into entry values(9670198939970, 1795751746816854);
insert into entry values(31078760089183, 1795751746659004);
insert into entry values(31078760089183, 1795751746816855);
insert into entry values(63828806563842, 1795751746659001);
insert into entry values(68549305279350, 1795751746658999);
insert into entry values(68549305279350, 1795751746816851);
insert into entry values(75473515332434, 1795751746659002);
insert into entry values(75473515332434, 1795751746816853);
insert into entry values(121432659469384, 1795751746643662);
insert into entry values(121432659469384, 1795751746658998);
insert into entry values(121432659469384, 1795751746816850);
insert into entry values(138715551526576, 1795751746774353);
insert into entry values(138715551526576, 1795751746816856);
insert into entry values(139673405333432, 1795751746659000);
insert into entry values(139673405333432, 1795751746816852);
insert into status values(x'208abb96818a4e4f8e32604dd0784f5b', 1, 'bob#1', 1795751746773598, 1, 3, 1, 2, x'002f00696e64696361746f722d2d30303030303030302d303030302d343030302d383030302d3030303030303030303030361800323032362d30312d30315430303a30303a30302e3030305a0000022f00696e64696361746f722d2d30303030303030302d303030302d343030302d383030302d3030303030303030303030371800323032362d30312d30315430303a30303a30302e3030305a2d006974732063726561746f72206973206b6e6f776e206865726520616e6420646964206e6f742073656e6420697403000000000b0069643a206d697373696e67');
insert into quarantine values(1, 1795751746675164, 1, 1, 'the same version is stored with other content', -8264293494895208401, 'indicator--00000000-0000-4000-8000-000000000002', '2026-01-01T00:00:00.000Z', 1767225600000000, 1767225600000000, '', 4294967317, cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000002", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "other content under a known version", "pattern": "[domain-name:value = ''host-2.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into quarantine values(2, 1795751746774353, 1, 5, 'its creator is known here and did not send it', 8544794051493074549, 'indicator--00000000-0000-4000-8000-000000000007', '2026-01-01T00:00:00.000Z', 1767225600000000, 1767225600000000, 'identity--a0000000-0000-4000-8000-00000000000a', 4294967317, cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000007", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-7.flow.example", "pattern": "[domain-name:value = ''host-7.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "created_by_ref": "identity--a0000000-0000-4000-8000-00000000000a"}' as blob));
insert into memo_state values(1, 2029398421159149010);
insert into memo_user values(1, 'bob', 1, null, 'bob.example', '$argon2id$v=19$m=32768,t=3,p=1$c4sBxU5rqSD5pY4KACNPqQ$/ErPDxfoT1deEcXZ1wYpFG7r7l+OvDpivq1NGrjcYNU', 6650315616135352284, 1795751746480204);
insert into memo_user values(2, 'ann', 6, null, null, null, 2633681908391760596, 1795751746544954);
insert into memo_user values(3, 'partner', 1, 'identity--a0000000-0000-4000-8000-00000000000a', null, null, 1098813941131566943, 1795751746558135);
insert into memo_user values(4, 'itself', 1, null, null, null, 727312641299841323, 1795751746793815);
insert into memo_credential values('d4f2ddd9bdffa145fcbf340c189a2f21901b404b93acdb70e9fa5ee4e04d4bf1', 1, 2, 1795751746570158);
insert into memo_credential values('sha256:0d7578658828e9ccd7c1fad7bddd6728047eec50b4530914f3a064c84d8187ab', 2, 3, 1795751746559406);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 0, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 1, 3);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 2, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 3, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000002', 2, 2);
insert into memo_grant values('c0000000-0000-4000-8000-000000000002', 4, 1);
insert into peer values('itself', 0, 'https://127.0.0.1:42899/', 1, 'bob', cast('-----BEGIN CERTIFICATE-----
MIIBizCCATCgAwIBAgIQWl7tn0O+aNQFen57EQlB8TAKBggqhkjOPQQDAjATMREw
DwYDVQQDEwhDRVJUIE9sZDAeFw0yNjExMjcwMjU1NDZaFw0zNjExMjQwMzU1NDZa
MBMxETAPBgNVBAMTCENFUlQgT2xkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
uGroU7n8+/0np7adgYVQTew8nZwhEqTL8A5pEo21SXjNdkWxrU+6I5fQyW3bOF2N
2QjQ4iUPI+hse5Xu2Xmx5KNmMGQwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8B
Af8EBAMCAQYwHQYDVR0OBBYEFCUm3AZzdidGZfi0l1cd7lW9SjJDMB8GA1UdIwQY
MBaAFCUm3AZzdidGZfi0l1cd7lW9SjJDMAoGCCqGSM49BAMCA0kAMEYCIQCoHaa9
gpXRlkUtGTD+RgdPge+Jc19X0NvdKZrymP02NgIhAIHmzYCuhvoW7Q6A3WtSThdG
y274fD1lLYw8dSLsGjg4
-----END CERTIFICATE-----
' as blob), x'', '', 0);
insert into peer_link values('itself', 0, 'indicators', 'copy', x'1b00000000000000323032362d31312d32375430333a35353a34362e3737343335335a1b00000000000000323032362d31312d32375430333a35353a34362e3737343335335a0000000000000000', 0, 1795751746817654, 1795751746817654, '', 7, -816629);
insert into peer_link values('itself', 1, 'indicators', 'inside', x'', 0, 1795751746815682, null, 'nothing of this collection leaves the node', 0, -815609);
commit;
