package config_test

// bad is what Load says about each testdata/config/NAME.bad.yaml: every fault,
// and the line that it stands in.
func bad() map[string][]string {
	return map[string][]string{
		"access-key-elsewhere": {
			`access-key-elsewhere.bad.yaml:3: databases[a].access_keys[x].key: missing; add it: its key`,
			`access-key-elsewhere.bad.yaml:3: databases[a].access_keys[acct].database: this is not the database that is backed up; remove it`,
		},
		"access-key-twice": {
			`access-key-twice.bad.yaml:3: databases[a].access_keys[acct]: the name is taken by access-key-twice.bad.yaml:3; names are unique in a list`,
		},
		"alias": {
			`alias.bad.yaml:8: signing.trusted: aliases are not supported; write the value out`,
		},
		"auth-unknown": {
			`auth-unknown.bad.yaml:3: databases[a].auth: "admin" is not known; use root or namespace or database`,
		},
		"bad-names": {
			`bad-names.bad.yaml:3: databases[Vapora].name: "Vapora" is not a name; lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`,
			`bad-names.bad.yaml:4: databases[1].name: ".." is not a name; lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`,
			`bad-names.bad.yaml:6: destinations[0].name: "a/b" is not a name; lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`,
		},
		"cloud-urls": {
			`cloud-urls.bad.yaml:5: destinations[p].url: has an unknown parameter "region"; known: endpoint`,
			`cloud-urls.bad.yaml:6: destinations[q].url: names no container; write azblob://account/container/prefix`,
			`cloud-urls.bad.yaml:7: destinations[r].url: names no bucket; write gs://bucket/prefix`,
			`cloud-urls.bad.yaml:8: destinations[s].url: has an empty or dotted part in its prefix; leave that part out`,
			`cloud-urls.bad.yaml:9: destinations[t].url: has an endpoint that is not http://host or https://host; write endpoint=https://host:port`,
		},
		"comment-only": {
			`comment-only.bad.yaml: empty file; vapora-backup config init writes a good start`,
		},
		"control-character": {
			`control-character.bad.yaml:3: databases[a].namespace: has a control character; take it out`,
		},
		"database-and-all": {
			`database-and-all.bad.yaml:3: databases[a].all_databases: database is set too; keep one of them`,
		},
		"database-user-all": {
			`database-user-all.bad.yaml:3: databases[a].auth: a user of one database cannot read all_databases; use a user of the namespace or of root`,
		},
		"duplicate-key": {
			`duplicate-key.bad.yaml:6: databases[a].url: also in line 4; keep one of them`,
		},
		"duplicate-name": {
			`duplicate-name.bad.yaml:4: databases[a]: the name is taken by duplicate-name.bad.yaml:3; names are unique in a list`,
		},
		"duration-bad": {
			`duration-bad.bad.yaml:3: databases[a].timeouts.idle: "2 minutes" is not a duration; write 90s, 2h or 30d`,
		},
		"duration-zero": {
			`duration-zero.bad.yaml:3: databases[a].timeouts.idle: shorter than a second; a server is silent for seconds while it starts an export; the default is 2m`,
		},
		"empty": {
			`empty.bad.yaml: empty file; vapora-backup config init writes a good start`,
		},
		"empty-lists": {
			`empty-lists.bad.yaml:2: databases: missing; name at least one database to back up`,
			`empty-lists.bad.yaml:3: destinations: missing; name at least one place that holds backups`,
		},
		"empty-recipients": {
			`empty-recipients.bad.yaml:3: databases[a].recipients: empty; name a key, or remove it`,
			`empty-recipients.bad.yaml:6: encryption.recipients: empty; name a key, or remove it`,
			`empty-recipients.bad.yaml:7: signing.trusted: empty; name a key, or remove it`,
		},
		"empty-value": {
			`empty-value.bad.yaml:3: databases[a].auth: empty; give it a value or remove the key`,
		},
		"faulty-sections": {
			`faulty-sections.bad.yaml:3: databases[a].recipients: got a number, want a list; write […]`,
			`faulty-sections.bad.yaml:6: encryption: got a number, want a section; write its keys below it, or within { and }`,
			`faulty-sections.bad.yaml:7: signing: got a list, want a section; write its keys below it, or within { and }`,
		},
		"half-logins": {
			`half-logins.bad.yaml:3: databases[a].password: missing; add password: {env: NAME} or {file: PATH}`,
			`half-logins.bad.yaml:4: databases[b].username: missing; add the user of the password`,
		},
		"identity-inline": {
			`identity-inline.bad.yaml:8: encryption.identities[0]: a secret is never written here; use {env: NAME} or {file: PATH}`,
		},
		"include-clash": {
			`parts/clash.yaml:1: version: also in include-clash.bad.yaml:2; keep one of them`,
			`parts/clash.yaml:3: encryption.level: also in include-clash.bad.yaml:9; keep one of them`,
			`parts/clash.yaml:4: schedule: not yet supported by this version; remove it`,
		},
		"include-missing": {
			`include-missing.bad.yaml:1: include[0]: "absent.yaml" is not there; create it, or remove the line`,
		},
		"include-pattern": {
			`include-pattern.bad.yaml:1: include[0]: "[" is not a pattern; write it as conf.d/*.yaml`,
			`include-pattern.bad.yaml:1: include[1]: got a number, want text; put it in quotes`,
		},
		"include-twice": {
			`parts/again.yaml:1: include: an included file includes no others; name them all in include-twice.bad.yaml`,
			`parts/again.yaml:3: databases[a]: the name is taken by include-twice.bad.yaml:4; names are unique in a list`,
		},
		"keep-zero": {
			`keep-zero.bad.yaml:5: destinations[p].keep.hourly: a span of zero keeps nothing; write 30d, or leave it out`,
			`keep-zero.bad.yaml:6: destinations[q].keep.within: a span of zero keeps nothing; write 30d, or leave it out`,
			`keep-zero.bad.yaml:7: destinations[r].keep_by_kind[0].keep.tagged: a span of zero keeps nothing; write 30d, or leave it out`,
		},
		"later-keys": {
			`later-keys.bad.yaml:3: databases[a].kubernetes: not yet supported by this version; remove it`,
		},
		"later-kind": {
			`later-kind.bad.yaml:5: destinations[p].sse.keys[0].kind: configs is not yet supported by this version; use database`,
		},
		"later-sections": {
			`later-sections.bad.yaml:8: servers: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:9: configs: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:10: volumes: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:11: logs: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:12: git: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:13: images: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:14: files: not yet supported by this version; remove it`,
			`later-sections.bad.yaml:15: schedule: not yet supported by this version; remove it`,
		},
		"level-range": {
			`level-range.bad.yaml:8: encryption.level: 22 is out of range; 1 to 19`,
		},
		"level-text": {
			`level-text.bad.yaml:8: encryption.level: got text, want a number; write digits, without quotes`,
		},
		"list": {
			`list.bad.yaml:1: got a list, want sections such as databases; vapora-backup config init writes a good start`,
		},
		"locks": {
			`locks.bad.yaml:5: destinations[p].lock.until: missing; add it: "expiry": the moment at which "keep" lets the backup go; or a duration from the backup on, such as "30d"`,
			`locks.bad.yaml:6: destinations[q].lock.mode: "eternal" is not known; use governance or compliance`,
			`locks.bad.yaml:7: destinations[r].lock.until: there is no keep that could say when; add keep, or write a duration`,
			`locks.bad.yaml:8: destinations[s].lock.until: a lock that is over at once; write expiry, or 30d`,
			`locks.bad.yaml:9: destinations[t].lock.until: "soon" is neither expiry nor a duration; write expiry, or 30d`,
			`locks.bad.yaml:10: destinations[u].lock.until: its keep has no time for a backup without a tag, so nothing would be locked; add hourly, daily, weekly, monthly or within to keep, or write a duration`,
		},
		"long-name": {
			`long-name.bad.yaml:3: databases[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa].name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" is not a name; lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`,
		},
		"many": {
			`many.bad.yaml:3: databases[A].name: "A" is not a name; lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`,
			`many.bad.yaml:3: databases[A].url: not an http or https URL; write http://host:8000 or https://host`,
			`many.bad.yaml:3: databases[A].database: missing; name the database, or set all_databases: true`,
			`many.bad.yaml:3: databases[A].username: missing; add username and password, or a token`,
			`many.bad.yaml:4: databases[1]: got a number, want a section; write its keys below it, or within { and }`,
			`many.bad.yaml:6: destinations[p].url: sftp:// is not known; write s3://bucket, gs://bucket, azblob://account/container or file:///folder`,
			`many.bad.yaml:7: encryption.recipients: empty; name a key, or remove it`,
			`many.bad.yaml:7: encryption.level: 0 is out of range; 1 to 19`,
			`many.bad.yaml:8: signing.key: a secret is never written here; use {env: NAME} or {file: PATH}`,
			`many.bad.yaml:9: schedule: not yet supported by this version; remove it`,
			`many.bad.yaml:10: foo: unknown key; known here: version, include, databases, destinations, encryption, signing, objectives, deletion, restore_test, audit, notify`,
		},
		"notify": {
			`notify.bad.yaml:8: notify[a].type: "pager" is not known; use slack or webhook or ping`,
			`notify.bad.yaml:8: notify[a].url: a secret is never written here; use {env: NAME} or {file: PATH}`,
			`notify.bad.yaml:9: notify[b].type: pushgateway is not yet supported by this version; use slack or webhook or ping`,
			`notify.bad.yaml:9: notify[b].on[0]: recovery is not yet supported by this version; use start or success or failure`,
			`notify.bad.yaml:9: notify[b].on[1]: "never" is not known; use start or success or failure`,
			`notify.bad.yaml:10: notify[c].commands[1]: "restore db" is not known; use backup db or sync or verify or restore-test or prune apply or report`,
		},
		"merge-key": {
			`merge-key.bad.yaml:9: signing."<<": unknown key; known here: key, password, trusted, revoked`,
		},
		"missing-parts": {
			`missing-parts.bad.yaml:3: databases[a].url: missing; add it: the server, over HTTP: "http://host:8000" or "https://host"`,
			`missing-parts.bad.yaml:3: databases[a].namespace: missing; add it: the namespace of the database`,
			`missing-parts.bad.yaml:3: databases[a].database: missing; name the database, or set all_databases: true`,
			`missing-parts.bad.yaml:3: databases[a].username: missing; add username and password, or a token`,
			`missing-parts.bad.yaml:5: destinations[p].url: missing; add it: where it is: "file:///mnt/backups", "file:relative/folder", "s3://bucket/prefix?region=eu-central-1", "gs://bucket/prefix" or "azblob://account/container/prefix"`,
		},
		"nameless": {
			`nameless.bad.yaml:3: databases[0].name: missing; add it: what its backups are called: lower-case letters, digits, ".", "_" and "-", at most 63`,
		},
		"neither-database": {
			`neither-database.bad.yaml:3: databases[a].database: missing; name the database, or set all_databases: true`,
		},
		"newer-version": {
			`newer-version.bad.yaml:1: version: 2 is not known to this program, which reads 1; use a vapora-backup that knows it`,
		},
		"no-login": {
			`no-login.bad.yaml:3: databases[a].username: missing; add username and password, or a token`,
		},
		"no-recipients": {
			`no-recipients.bad.yaml:6: encryption.recipients: missing; who shall be able to read the backups of databases[a]? vapora-backup keys generate makes a key`,
		},
		"no-version": {
			`no-version.bad.yaml:1: version: missing; add it: the number 1, the version of this format`,
		},
		"none-required": {
			`none-required.bad.yaml:5: destinations: none is required; set required: true for at least one, or a run without a backup would succeed`,
		},
		"required-offline": {
			`required-offline.bad.yaml:5: destinations: all that are required are offline; set required: true for one that is always there (the first is, where nothing is said), and required: false for the offline one`,
		},
		"nothing-in-it": {
			`nothing-in-it.bad.yaml: databases: missing; name at least one database to back up`,
			`nothing-in-it.bad.yaml: destinations: missing; name at least one place that holds backups`,
		},
		"null-list": {
			`null-list.bad.yaml:2: databases: got nothing, want a list; give it a value or remove the key`,
		},
		"null-value": {
			`null-value.bad.yaml:3: databases[a].min_size: got nothing, want a size; write 1MB or 64KiB`,
		},
		"odd-keys": {
			`odd-keys.bad.yaml:8: a key must be a word; write it as databases:`,
		},
		"only-for": {
			`only-for.bad.yaml:5: destinations[p].sse: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].storage_class: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].credentials: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].ca: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].lock: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].part_size: only for s3://, gs://, azblob://; remove it`,
			`only-for.bad.yaml:5: destinations[p].assume_role: only for s3://; remove it`,
			`only-for.bad.yaml:5: destinations[p].checksums: only for s3://; remove it`,
			`only-for.bad.yaml:6: destinations[q].offline: only for file://; remove it`,
			`only-for.bad.yaml:6: destinations[q].credentials.service_account: only for gs://; remove it`,
			`only-for.bad.yaml:6: destinations[q].sse.mode: gcp:kms is not for s3://; use AES256 or aws:kms`,
			`only-for.bad.yaml:7: destinations[r].assume_role: only for s3://; remove it`,
			`only-for.bad.yaml:7: destinations[r].checksums: only for s3://; remove it`,
			`only-for.bad.yaml:7: destinations[r].credentials.access_key: only for s3://; remove it`,
			`only-for.bad.yaml:7: destinations[r].credentials.secret_key: only for s3://; remove it`,
			`only-for.bad.yaml:7: destinations[r].sse.mode: AES256 is not for gs://; use gcp:kms`,
			`only-for.bad.yaml:7: destinations[r].storage_class: "GLACIER" is not known; use STANDARD, NEARLINE, COLDLINE, ARCHIVE`,
			`only-for.bad.yaml:8: destinations[s].storage_class: "cool" is not known; use Hot, Cool, Cold, Archive`,
			`only-for.bad.yaml:8: destinations[s].credentials.sas_token: account_key is set too; keep one of them`,
			`only-for.bad.yaml:8: destinations[s].sse.key: missing; name the key or the scope`,
			`only-for.bad.yaml:9: destinations[t].credentials.secret_key: missing; add the secret of the access key`,
			`only-for.bad.yaml:9: destinations[t].part_size: 1MiB is out of range; 5MiB to 1GiB`,
			`only-for.bad.yaml:10: destinations[u].credentials.access_key: missing; add the access key of the secret`,
			`only-for.bad.yaml:11: destinations[v].part_size: 6MB is not a multiple of 256KiB; 8MiB`,
		},
		"plain-secret": {
			`plain-secret.bad.yaml:3: databases[a].password: a secret is never written here; use {env: NAME} or {file: PATH}`,
		},
		"private-recipients": {
			`private-recipients.bad.yaml:3: databases[a].recipients[0]: this is a private key; put the public key here, keep the private one in a file, and replace the pair if others could read this config`,
			`private-recipients.bad.yaml:7: encryption.recipients[0]: this is a private key; put the public key here, keep the private one in a file, and replace the pair if others could read this config`,
			`private-recipients.bad.yaml:7: encryption.recipients[2]: this is a private key; put the public key here, keep the private one in a file, and replace the pair if others could read this config`,
		},
		"private-trusted": {
			`private-trusted.bad.yaml:9: signing.trusted[0]: this is a private key; put the public key here, keep the private one in a file, and replace the pair if others could read this config`,
		},
		"same-place": {
			`same-place.bad.yaml:6: destinations[q].url: the same place as same-place.bad.yaml:5; two destinations in one place are one copy`,
		},
		"revoked-approver": {
			`revoked-approver.bad.yaml:8: signing.revoked[1].key: it is not among signing.trusted; an approver's key counts for nothing once it is out of deletion.approvers: remove it there and here`,
			`revoked-approver.bad.yaml:12: deletion.approvers[one].key: it is revoked, and who has it could request and approve; remove it here, or put the approver's new key`,
			`revoked-approver.bad.yaml:13: deletion.approvers[two].key: it is revoked, and who has it could request and approve; remove it here, or put the approver's new key`,
		},
		"scalar": {
			`scalar.bad.yaml:1: got text, want sections such as databases; vapora-backup config init writes a good start`,
		},
		"secret-in-env-name": {
			`secret-in-env-name.bad.yaml:3: databases[a].password.env: this is no name of a variable; letters, digits and _ only; the secret itself goes into that variable`,
		},
		"secret-shapes": {
			`secret-shapes.bad.yaml:5: destinations[p].credentials.access_key: want one of env and file, and nothing else; use {env: NAME} or {file: PATH}`,
			`secret-shapes.bad.yaml:5: destinations[p].credentials.secret_key: want one of env and file, and nothing else; use {env: NAME} or {file: PATH}`,
			`secret-shapes.bad.yaml:5: destinations[p].credentials.session_token: got a list, want a secret; use {env: NAME} or {file: PATH}`,
		},
		"server-urls": {
			`server-urls.bad.yaml:3: databases[a0].url: not an http or https URL; write http://host:8000 or https://host`,
			`server-urls.bad.yaml:4: databases[a1].url: ws:// is not for exports; write http://`,
			`server-urls.bad.yaml:5: databases[a2].url: holds a user or a password; move them to username and password`,
			`server-urls.bad.yaml:6: databases[a3].url: has parameters; namespace and database have keys of their own`,
			`server-urls.bad.yaml:7: databases[a4].url: not a URL; write http://host:8000 or https://host`,
			`server-urls.bad.yaml:8: databases[a5].url: not an http or https URL; write http://host:8000 or https://host`,
		},
		"signing-password-only": {
			`signing-password-only.bad.yaml:8: signing.password: there is no key; add signing.key`,
		},
		"size-bad": {
			`size-bad.bad.yaml:3: databases[a].min_size: "1mb" is not a size; write 1MB or 64KiB`,
		},
		"size-without-unit": {
			`size-without-unit.bad.yaml:3: databases[a].min_size: got a number, want a size; write 1MB or 64KiB`,
		},
		"source-of-all": {
			`source-of-all.bad.yaml:4: databases[a.main].name: backups of databases[a], which has all_databases, are called a.DATABASE; give it a name that does not begin so`,
		},
		"sse": {
			`sse.bad.yaml:5: destinations[p].sse.key: AES256 takes no key; set mode: aws:kms or remove it`,
			`sse.bad.yaml:6: destinations[q].sse.mode: missing; add it: whose key: the server's own or one of the key service (S3), one of Cloud KMS (Google), or that of an encryption scope (Azure)`,
			`sse.bad.yaml:7: destinations[r].sse.keys[1].kind: database has a key already; keep one of them`,
			`sse.bad.yaml:8: destinations[s].sse.mode: "rot13" is not known; use AES256 or aws:kms or gcp:kms or azure:scope`,
		},
		"store-urls": {
			`store-urls.bad.yaml:5: destinations[p0].url: has no scheme; write s3://bucket, gs://bucket, azblob://account/container or file:///folder`,
			`store-urls.bad.yaml:6: destinations[p1].url: names the host "mnt"; an absolute folder has three slashes, file:///folder`,
			`store-urls.bad.yaml:7: destinations[p2].url: names no folder; write file:///folder`,
			`store-urls.bad.yaml:8: destinations[p3].url: a file URL has no parameters; leave out what begins with the question mark`,
			`store-urls.bad.yaml:9: destinations[p4].url: names no bucket; write s3://bucket/prefix`,
			`store-urls.bad.yaml:10: destinations[p5].url: has an unknown parameter "colour"; known: endpoint, path_style, region`,
			`store-urls.bad.yaml:11: destinations[p6].url: has the parameter "region" twice; keep one of them`,
			`store-urls.bad.yaml:12: destinations[p7].url: has an endpoint that is not http://host or https://host; write endpoint=https://host:port`,
			`store-urls.bad.yaml:13: destinations[p8].url: has a path_style that is neither true nor false; write path_style=true`,
			`store-urls.bad.yaml:14: destinations[p9].url: holds a user or a password; keys go into credentials`,
			`store-urls.bad.yaml:15: destinations[p10].url: has an empty or dotted part in its prefix; leave that part out`,
			`store-urls.bad.yaml:16: destinations[p11].url: has a port; another server goes into ?endpoint=https://host:port`,
			`store-urls.bad.yaml:17: destinations[p12].url: sftp:// is not known; write s3://bucket, gs://bucket, azblob://account/container or file:///folder`,
			`store-urls.bad.yaml:18: destinations[p13].url: has a "#"; write it as %23`,
			`store-urls.bad.yaml:19: destinations[p14].url: not a URL; write s3://bucket, gs://bucket, azblob://account/container or file:///folder`,
			`store-urls.bad.yaml:20: destinations[p15].url: begins with ~, which no shell expands here; write the whole path, file:///home/you/folder`,
			`store-urls.bad.yaml:21: destinations[p16].url: begins with ~, which no shell expands here; write the whole path, file:///home/you/folder`,
		},
		"syntax": {
			`syntax.bad.yaml:4: not YAML: did not find expected '-' indicator; look at this line and the one above it`,
		},
		"tab": {
			`tab.bad.yaml:3: not YAML: found character that cannot start any token; look at this line and the one above it`,
		},
		"takes-unknown": {
			`takes-unknown.bad.yaml:5: destinations[p].takes: "yearly" is not known; use all or hourly or daily or weekly or monthly`,
			`takes-unknown.bad.yaml:5: destinations[p].keep.yearly: unknown key; known here: hourly, daily, weekly, monthly, tagged, last, within`,
			`takes-unknown.bad.yaml:5: destinations[p].keep.daily: got a number, want a duration; write 90s, 2h or 30d`,
		},
		"text-version": {
			`text-version.bad.yaml:1: version: got text, want a number; write digits, without quotes`,
		},
		"tls-over-http": {
			`tls-over-http.bad.yaml:3: databases[a].tls: the url is http://, which knows no certificates; write https:// or remove tls`,
			`tls-over-http.bad.yaml:4: databases[b].tls: the url is http://, which knows no certificates; write https:// or remove tls`,
			`tls-over-http.bad.yaml:9: restore_test.server.ca: the url is http://, which knows no certificates; write https:// or remove ca`,
		},
		"trust": {
			`trust.bad.yaml:9: deletion.approvals: 3 are needed, and there are 2 approvers; add approvers, or lower it`,
			`trust.bad.yaml:10: deletion.max_share: nothing could ever be deleted; the default is 25%`,
			`trust.bad.yaml:11: deletion.approvers[two].key: it is the key of one too; each approver has a key of their own`,
			`trust.bad.yaml:13: restore_test.server: missing; name the server to try backups on`,
			`trust.bad.yaml:15: restore_test.smoke_timeout: no smoke test ends at once; the default is 10m`,
			`trust.bad.yaml:16: restore_test.checks[0].expect: "about 7" is nothing that can be expected; write "not empty", "count > 0" or "= VALUE"`,
			`trust.bad.yaml:17: audit.lock: not for file://; remove it`,
		},
		"trust-values": {
			`trust-values.bad.yaml:8: signing.revoked[1].from: "last week" is no date; write 2026-11-01 or 2026-11-01T14:00:00Z`,
			`trust-values.bad.yaml:8: signing.revoked[0].key: it is not among signing.trusted; put it there too, for what it signed before, or remove it here`,
			`trust-values.bad.yaml:9: objectives.rpo: "soon" is not a duration; write 90s, 2h or 30d`,
			`trust-values.bad.yaml:9: objectives.availability: "120" is not a percentage; write 25% or 99.9`,
			`trust-values.bad.yaml:10: deletion.max_share: "a quarter" is not a percentage; write 25% or 99.9`,
			`trust-values.bad.yaml:10: deletion.approvals: 10 is out of range; 0 to 9`,
			`trust-values.bad.yaml:11: restore_test.target: kubernetes is not yet supported by this version; use local or server`,
			`trust-values.bad.yaml:12: audit.lock.until: "expiry" is not a duration; write 90s, 2h or 30d`,
			`trust-values.bad.yaml:12: audit.credentials.secret_key: missing; add the secret of the access key`,
		},
		"two-documents": {
			`two-documents.bad.yaml:8: a second document; one file holds one; use include for more`,
		},
		"two-logins": {
			`two-logins.bad.yaml:3: databases[a].token: username or password is set too; keep the token, or username and password`,
		},
		"unknown-far": {
			`unknown-far.bad.yaml:3: databases[a].colour: unknown key; known here: name, url, namespace, database, all_databases, auth, username, password, token, tls, min_size, access_keys, recipients, leave_out, timeouts`,
		},
		"unknown-key": {
			`unknown-key.bad.yaml:8: databasez: unknown key; did you mean databases?`,
		},
		"unknown-nested": {
			`unknown-nested.bad.yaml:3: databases[a].pasword: unknown key; did you mean password?`,
		},
		"unknown-odd": {
			`unknown-odd.bad.yaml:3: databases[a].URL: unknown key; did you mean url?`,
			`unknown-odd.bad.yaml:3: databases[a]."a\x1b[31m\nb": unknown key; known here: name, url, namespace, database, all_databases, auth, username, password, token, tls, min_size, access_keys, recipients, leave_out, timeouts`,
		},
		"wrong-entry": {
			`wrong-entry.bad.yaml:3: databases[0]: got text, want a section; write its keys below it, or within { and }`,
		},
		"wrong-types": {
			`wrong-types.bad.yaml:3: databases[a].namespace: got a number, want text; put it in quotes`,
			`wrong-types.bad.yaml:3: databases[a].database: got true or false, want text; put it in quotes`,
			`wrong-types.bad.yaml:3: databases[a].username: got a list, want text; write one value`,
			`wrong-types.bad.yaml:3: databases[a].all_databases: got text, want true or false; write true or false`,
			`wrong-types.bad.yaml:3: databases[a].recipients: got text, want a list; write […]`,
			`wrong-types.bad.yaml:3: databases[a].tls: got text, want a section; write its keys below it, or within { and }`,
			`wrong-types.bad.yaml:3: databases[a].access_keys: got a section, want a list; begin each entry with a dash`,
		},
	}
}
