-- password of bob: correct horse battery
-- token of ann: tocsin_Opao4spB848r2Wt03bBRyYPyLlI1PF2zVaTDA8s04r4
-- status of bob: b5ea244b-c1e6-405c-8962-e1e0dbbfdeee
-- identity: {"type": "identity", "spec_version": "2.1", "id": "identity--9ce34fbf-b0c2-4880-9251-03526afc692a", "created_by_ref": "identity--9ce34fbf-b0c2-4880-9251-03526afc692a", "created": "2026-11-27T03:55:52.237Z", "modified": "2026-11-27T03:55:52.237Z", "name": "CERT Old", "roles": ["cert"], "identity_class": "organization"}
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
CREATE VIRTUAL TABLE search using fts5(body, content='', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE search_state(one integer primary key check(one = 1), done integer not null);
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
insert into store_schema values('vault', 2);
insert into vault_state values(1, 1795751752595142, x'118a19752b9d4c8aa9f1c28723b2241e', 6087957613573946152, 2);
insert into vault_name values(1, 'local');
insert into vault_name values(2, 'indicator');
insert into vault_name values(3, 'ipv4-addr');
insert into vault_name values(4, 'identity');
insert into vault_name values(5, 'user:bob');
insert into vault_name values(6, 'sync:itself');
insert into collection values(1, x'c0000000000040008000000000000001', 'indicators', 'What we saw; it''s "ours"', 'Täglich
neu', 0, 1795751752254700);
insert into collection values(2, x'c0000000000040008000000000000002', 'inside', 'inside', '', 1, 1795751752264733);
insert into collection values(3, x'c0000000000040008000000000000003', 'copy', 'copy', '', 0, 1795751752274718);
delete from sqlite_sequence;
insert into sqlite_sequence values('collection', 3);
insert into sqlite_sequence values('memo_user', 4);
insert into sqlite_sequence values('quarantine', 2);
insert into object values(1795751752425226, 1, 0, 2, x'00402046484706000040204648470600000000000000400080000000000000010000000000000000000000000000000001000000150000010000000000000000', cast('{
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
insert into object values(1795751752436850, 1, 1, 2, x'00a0f7635c4706000040204648470600000000000000400080000000000000010000000000000000000000000000000001000000150000010000000000000000', cast('{
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
insert into object values(1795751752436851, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000020000000000000000000000000000000001000000150000010000000000000000', cast('{
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
insert into object values(1795751752436852, 1, 1, 2, x'4022224648470600004020464847060000000000000040008000000000000003000000000000000000000000000000000100000015000201001b000000000000323032362d30312d30315430303a30303a30302e3132333435365a', cast('{
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
insert into object values(1795751752436853, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000040000000000000000000000000000000001000000150005010000000000000000', cast('{
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
insert into object values(1795751752436854, 1, 1, 2, x'0000cf81704706000040204648470600000000000000400080000000000000050000000000000000000000000000000001000000150000010100000000000000', cast('{
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
insert into object values(1795751752436855, 1, 1, 3, x'00000000000000000000000000000080ff26c05563365bc5b98d13d6226742dd0000000000000000000000000000000001000000150800010200000000000000', cast('{
   "type": "ipv4-addr",
   "spec_version": "2.1",
   "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
   "value": "198.51.100.3"
  }' as blob));
insert into object values(1795751752436856, 1, 1, 4, x'00402046484706000040204648470600a000000000004000800000000000000a0000000000000000000000000000000001000000150800000000000000000000', cast('{
   "type": "identity",
   "spec_version": "2.1",
   "id": "identity--a0000000-0000-4000-8000-00000000000a",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "Partner",
   "identity_class": "organization"
  }' as blob));
insert into object values(1795751752551752, 1, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000060000000000000000000000000000000005000000150000010000000000000000', cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000006", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-6.flow.example", "pattern": "[domain-name:value = ''host-6.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into object values(1795751752595136, 3, 1, 2, x'00a0f7635c4706000040204648470600000000000000400080000000000000010000000000000000000000000000000006000000150000010000000000000000', cast('{
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
insert into object values(1795751752595137, 3, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000020000000000000000000000000000000006000000150000010000000000000000', cast('{
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
insert into object values(1795751752595138, 3, 1, 2, x'4022224648470600004020464847060000000000000040008000000000000003000000000000000000000000000000000600000015000201001b000000000000323032362d30312d30315430303a30303a30302e3132333435365a', cast('{
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
insert into object values(1795751752595139, 3, 1, 2, x'0000cf81704706000040204648470600000000000000400080000000000000050000000000000000000000000000000006000000150000010100000000000000', cast('{
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
insert into object values(1795751752595140, 3, 1, 3, x'00000000000000000000000000000080ff26c05563365bc5b98d13d6226742dd0000000000000000000000000000000006000000150800010200000000000000', cast('{
   "type": "ipv4-addr",
   "spec_version": "2.1",
   "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
   "value": "198.51.100.3"
  }' as blob));
insert into object values(1795751752595141, 3, 1, 4, x'00402046484706000040204648470600a000000000004000800000000000000a0000000000000000000000000000000006000000150800000000000000000000', cast('{
   "type": "identity",
   "spec_version": "2.1",
   "id": "identity--a0000000-0000-4000-8000-00000000000a",
   "created": "2026-01-01T00:00:00.000Z",
   "modified": "2026-01-01T00:00:00.000Z",
   "name": "Partner",
   "identity_class": "organization"
  }' as blob));
insert into object values(1795751752595142, 3, 1, 2, x'00402046484706000040204648470600000000000000400080000000000000060000000000000000000000000000000006000000150000010000000000000000', cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000006", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-6.flow.example", "pattern": "[domain-name:value = ''host-6.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into entry values(20275403944482, 1795751752551752);
insert into entry values(20275403944482, 1795751752595142);
insert into entry values(54373339465729, 1795751752436856);
insert into entry values(54373339465729, 1795751752595141);
insert into entry values(63562479688343, 1795751752436854);
insert into entry values(63562479688343, 1795751752595139);
insert into entry values(65194170731673, 1795751752436853);
insert into entry values(78482381647001, 1795751752436851);
insert into entry values(78482381647001, 1795751752595137);
insert into entry values(103836180049931, 1795751752425226);
insert into entry values(103836180049931, 1795751752436850);
insert into entry values(103836180049931, 1795751752595136);
insert into entry values(111716638397223, 1795751752436852);
insert into entry values(111716638397223, 1795751752595138);
insert into entry values(125338671484336, 1795751752436855);
insert into entry values(125338671484336, 1795751752595140);
insert into status values(x'b5ea244bc1e6405c8962e1e0dbbfdeee', 1, 'bob#1', 1795751752551208, 1, 3, 1, 2, x'002f00696e64696361746f722d2d30303030303030302d303030302d343030302d383030302d3030303030303030303030361800323032362d30312d30315430303a30303a30302e3030305a0000022f00696e64696361746f722d2d30303030303030302d303030302d343030302d383030302d3030303030303030303030371800323032362d30312d30315430303a30303a30302e3030305a2d006974732063726561746f72206973206b6e6f776e206865726520616e6420646964206e6f742073656e6420697403000000000b0069643a206d697373696e67');
insert into quarantine values(1, 1795751752449034, 1, 1, 'the same version is stored with other content', -281092317209867409, 'indicator--00000000-0000-4000-8000-000000000002', '2026-01-01T00:00:00.000Z', 1767225600000000, 1767225600000000, '', 4294967317, cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000002", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "other content under a known version", "pattern": "[domain-name:value = ''host-2.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}' as blob));
insert into quarantine values(2, 1795751752551752, 1, 5, 'its creator is known here and did not send it', -7192975742348336829, 'indicator--00000000-0000-4000-8000-000000000007', '2026-01-01T00:00:00.000Z', 1767225600000000, 1767225600000000, 'identity--a0000000-0000-4000-8000-00000000000a', 4294967317, cast('{"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000007", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "host-7.flow.example", "pattern": "[domain-name:value = ''host-7.flow.example'']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "created_by_ref": "identity--a0000000-0000-4000-8000-00000000000a"}' as blob));
delete from search_data;
insert into search_data values(1, x'108216');
insert into search_data values(10, x'000000000102020002010101020101');
insert into search_data values(137438953473, x'000004430530303030308398a7a0cabbbe0a0205da6802050102050102050102050102050202050504303030308398a7a0cabbbe0a0204da6802040102040102040102040102040904303030318398a7a0cabbbe0a0208da6802080c01328398a7a0cabc987302080c01338398a7a0cabc987402080c01348398a7a0cabc987502080c01358398a7a0cabc987602080c01618398a7a0cabc987802080101318398a7a0cabbbe0a0211da680211020230308398a7a0cabc9877020d020b33643632323637343264648398a7a0cabc9877020a020239388398a7a0cabc9877020b0101328398a7a0cabc987302160101338398a7a0cabc9874040a0903020e0101348398a7a0cabc9875040a0902033030308398a7a0cabbbe0a0206da6802060102060102060102060102060202060101358398a7a0cabc9876040a090201318398a7a0cabc9877020c02036263358398a7a0cabc987702080104363333368398a7a0cabc987702070104383030308398a7a0cabbbe0a0207da680207010207010207010207010207020207010861303030303030308398a7a0cabc9878020402036464728398a7a0cabc98770403040104623938648398a7a0cabc987702090106646f6d61696e8398a7a0cabbbe0a020dda68020d01021201020d01020d01020d01076578616d706c658398a7a0cabbbe0a0213da68021301021801040c0901040c0901040c09010866663236633035358398a7a0cabc987702060204697273748398a7a0cabbbe0a020902036c6f778398a7a0cabbbe0a0212da68021201021701040b0901040b0901040b090104686f73748398a7a0cabbbe0a0210da68021001021501040909010409090104090901086964656e746974798398a7a0cabc987804020302086e64696361746f728398a7a0cabbbe0a040203da680402030104020301040203010402030104020302037076348398a7a0cabc98770402040201748398a7a0cabc9873021a01046e616d658398a7a0cabbbe0a020eda68020e01021301020e01020e01020e01026f668398a7a0cabbbe0a020ada68020a020b7267616e697a6174696f6e8398a7a0cabc9878020a0107706172746e65728398a7a0cabc98780209010671756f7465648398a7a0cabc9873021c0101738398a7a0cabc9873021b020565636f6e648398a7a0cabc98720209010374776f8398a7a0cabbbe0a020bda68020b010576616c75658398a7a0cabbbe0a020fda68020f01021401020f01020f01020f0207657273696f6e738398a7a0cabbbe0a020cda68020c0110ceb5cebbcebbceb7cebdceb9cebaceac8398a7a0cabc987302190103e381868398a7a0cabc9873020f020282928398a7a0cabc9873020d0103e4baac8398a7a0cabc9873020a0103e58a9b8398a7a0cabc9873020c0103e692838398a7a0cabc98730211020294bb8398a7a0cabc9873021002029db18398a7a0cabc987302090103e78b998398a7a0cabc9873020e0103e99bbb8398a7a0cabc9873020b042320140d0d0d0d0d110e170e0d110e220e0d0f1023141010222614102223152a100d20121713120d111321171c0f0e0f0f0f0e0e0f');
insert into search_data values(274877906945, x'000004380530303030308398a7a0cac39a48020582d27802050102050102050102050202050102050504303030308398a7a0cac39a48020482d27802040102040102040102040302040904303030318398a7a0cac5ed4002080c01328398a7a0cac5ed4102080c01338398a7a0cac5ed4202080c01358398a7a0cac5ed4302080c01368398a7a0cac39a48020882d27e02080c01618398a7a0cac5ed4502080101318398a7a0cac5ed400211020230308398a7a0cac5ed44020d020b33643632323637343264648398a7a0cac5ed44020a020239388398a7a0cac5ed44020b0101328398a7a0cac5ed4102160101338398a7a0cac5ed42040a0902020e0104343030308398a7a0cac39a48020682d27802060102060102060102060202060102060101358398a7a0cac5ed43040a090201318398a7a0cac5ed44020c02036263358398a7a0cac5ed4402080101368398a7a0cac39a48040a0982d27e040a0902033333368398a7a0cac5ed4402070104383030308398a7a0cac39a48020782d2780207010207010207010207020207010207010861303030303030308398a7a0cac5ed45020402036464728398a7a0cac5ed440403040104623938648398a7a0cac5ed4402090106646f6d61696e8398a7a0cac39a48020d82d278020d01021201020d01020d03020d01076578616d706c658398a7a0cac39a48040c0982d278021301021801040c0901040c0903040c09010866663236633035358398a7a0cac5ed44020602036c6f778398a7a0cac39a48040b0982d278021201021701040b0901040b0903040b090104686f73748398a7a0cac39a4804090982d278021001021501040909010409090304090901086964656e746974798398a7a0cac5ed4504020302086e64696361746f728398a7a0cac39a4804020382d2780402030104020301040203010402030304020302037076348398a7a0cac5ed440402040201748398a7a0cac5ed41021a01046e616d658398a7a0cac39a48020e82d278020e01021301020e01020e03020e01026f668398a7a0cac5ed40020a020b7267616e697a6174696f6e8398a7a0cac5ed45020a0107706172746e65728398a7a0cac5ed450209010671756f7465648398a7a0cac5ed41021c0101738398a7a0cac5ed41021b020565636f6e648398a7a0cac5ed400209010374776f8398a7a0cac5ed40020b010576616c75658398a7a0cac39a48020f82d278020f01021401020f01020f03020f0207657273696f6e738398a7a0cac5ed40020c0110ceb5cebbcebbceb7cebdceb9cebaceac8398a7a0cac5ed4102190103e381868398a7a0cac5ed41020f020282928398a7a0cac5ed41020d0103e4baac8398a7a0cac5ed41020a0103e58a9b8398a7a0cac5ed41020c0103e692838398a7a0cac5ed410211020294bb8398a7a0cac5ed41021002029db18398a7a0cac5ed4102090103e78b998398a7a0cac5ed41020e0103e99bbb8398a7a0cac5ed41020b042421100d0d0d120d0d0e170e0d11240e0d0f140f241410102328142425152b100d210e1713120d110f22131c0f0e0f0f0f0e0e0f');
delete from search_idx;
insert into search_idx values(1, x'', 2);
insert into search_idx values(2, x'', 2);
delete from search_docsize;
insert into search_docsize values(1795751752425226, x'12');
insert into search_docsize values(1795751752436850, x'12');
insert into search_docsize values(1795751752436851, x'1b');
insert into search_docsize values(1795751752436852, x'12');
insert into search_docsize values(1795751752436853, x'12');
insert into search_docsize values(1795751752436854, x'12');
insert into search_docsize values(1795751752436855, x'0d');
insert into search_docsize values(1795751752436856, x'09');
insert into search_docsize values(1795751752551752, x'12');
insert into search_docsize values(1795751752595136, x'12');
insert into search_docsize values(1795751752595137, x'1b');
insert into search_docsize values(1795751752595138, x'12');
insert into search_docsize values(1795751752595139, x'12');
insert into search_docsize values(1795751752595140, x'0d');
insert into search_docsize values(1795751752595141, x'09');
insert into search_docsize values(1795751752595142, x'12');
delete from search_config;
insert into search_config values('version', 4);
insert into search_state values(1, 1795751752595142);
insert into memo_state values(1, 5414468114504089552);
insert into memo_user values(1, 'bob', 1, null, 'bob.example', '$argon2id$v=19$m=32768,t=3,p=1$GYt2iEh47gSAEGxlinzq/g$KPgWqEXGW1oLo4Lrcj+Dlm8+ayUbUj7crVz3dK4Foj0', 6950294199633328050, 1795751752284663);
insert into memo_user values(2, 'ann', 6, null, null, null, 5596143951289555231, 1795751752343740);
insert into memo_user values(3, 'partner', 1, 'identity--a0000000-0000-4000-8000-00000000000a', null, null, 7069387040879198397, 1795751752354165);
insert into memo_user values(4, 'itself', 1, null, null, null, 6551059773571021720, 1795751752571540);
insert into memo_credential values('177b71ab01647f00128e384bdcdaa12161fca0f0c5ebe20f8d5b3203227b7d87', 1, 2, 1795751752365587);
insert into memo_credential values('sha256:a93f6611d46b87d4416e76ca4055350f931f117c4cf89094a349175d79dd369a', 2, 3, 1795751752355265);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 0, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 1, 3);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 2, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000001', 3, 1);
insert into memo_grant values('c0000000-0000-4000-8000-000000000002', 2, 2);
insert into memo_grant values('c0000000-0000-4000-8000-000000000002', 4, 1);
insert into peer values('itself', 0, 'https://127.0.0.1:46213/', 1, 'bob', cast('-----BEGIN CERTIFICATE-----
MIIBijCCATCgAwIBAgIQSiwVJ7nI0qZpF2paw7cbGTAKBggqhkjOPQQDAjATMREw
DwYDVQQDEwhDRVJUIE9sZDAeFw0yNjExMjcwMjU1NTJaFw0zNjExMjQwMzU1NTJa
MBMxETAPBgNVBAMTCENFUlQgT2xkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
qEK2c+vT/7JkjDYGLBdS0LZ7odFWJfZKSOB+GGTuIwZ1X3eIzxZF7cSDgPgHVgKg
oL+ocV5nNuKGPkAxlx+qmKNmMGQwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8B
Af8EBAMCAQYwHQYDVR0OBBYEFILI35se/7Do7xV5WGBy3dbPj/9zMB8GA1UdIwQY
MBaAFILI35se/7Do7xV5WGBy3dbPj/9zMAoGCCqGSM49BAMCA0gAMEUCICmimqfC
6ZwX3CdQ5JeNVa2IAIG+kVTrFQw/RhhtAEFBAiEAnRemdgPGh/jcewSp2BsIBUJI
e20o7iSMNGWCdKp+LF8=
-----END CERTIFICATE-----
' as blob), x'', '', 0);
insert into peer_link values('itself', 0, 'indicators', 'copy', x'1b00000000000000323032362d31312d32375430333a35353a35322e3535313735325a1b00000000000000323032362d31312d32375430333a35353a35322e3535313735325a0000000000000000', 0, 1795751752595828, 1795751752595828, '', 7, -594908);
insert into peer_link values('itself', 1, 'indicators', 'inside', x'', 0, 1795751752593849, null, 'nothing of this collection leaves the node', 0, -593758);
commit;
