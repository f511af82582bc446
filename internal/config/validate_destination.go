package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// onlyFor says which keys of a destination are for some kinds of store only.
var onlyFor = []struct {
	key   string
	kinds []string
}{
	{"sse", []string{"s3", "gs", "azblob"}}, {"storage_class", []string{"s3", "gs", "azblob"}},
	{"credentials", []string{"s3", "gs", "azblob"}}, {"ca", []string{"s3", "gs", "azblob"}},
	{"lock", []string{"s3", "gs", "azblob"}}, {"part_size", []string{"s3", "gs", "azblob"}},
	{"assume_role", []string{"s3"}}, {"checksums", []string{"s3"}}, {"offline", []string{"file"}},
}

func validateDestination(p place, d Destination) {
	kind := d.Store.kind()
	for _, o := range onlyFor {
		if kind != "" && p.given(o.key) && !slices.Contains(o.kinds, kind) {
			p.fault(o.key, "only for "+strings.Join(o.kinds, "://, ")+"://", "remove it")
		}
	}
	if kind != "" {
		p.section("credentials").only(kind, credentialKeys)
		p.section("sse").mode(kind, d.SSE.Mode)
		p.class(kind, d.StorageClass)
	}
	p.validateLock(d)
	validateKeep(p.section("keep"), d.Keep)
	for i, k := range d.KeepByKind {
		validateKeep(p.entry("keep_by_kind", i).section("keep"), k.Keep)
	}
	validateCredentials(p.section("credentials"), d.Credentials)
	validateKeys(p.section("sse"), d.SSE)
	if p.given("part_size") && (d.PartSize < 5<<20 || d.PartSize > 1<<30) {
		p.fault("part_size", d.PartSize.String()+" is out of range", "5MiB to 1GiB")
	} else if kind == "gs" && d.PartSize%(256<<10) != 0 {
		p.fault("part_size", d.PartSize.String()+" is not a multiple of 256KiB", "8MiB")
	}
}

// kind is the scheme of the store's URL.
func (s Store) kind() string {
	switch {
	case s.S3 != nil:
		return "s3"
	case s.GCS != nil:
		return "gs"
	case s.Azure != nil:
		return "azblob"
	case s.File != nil:
		return "file"
	}
	return ""
}

// credentialKeys says whose keys they are.
var credentialKeys = map[string]string{
	"access_key": "s3", "secret_key": "s3", "session_token": "s3",
	"service_account": "gs", "account_key": "azblob", "sas_token": "azblob",
}

func (p place) only(kind string, keys map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if of := keys[key]; p.given(key) && of != kind && kind != "file" { // the whole section is refused there
			p.fault(key, "only for "+of+"://", "remove it")
		}
	}
}

func validateCredentials(p place, c Credentials) {
	switch {
	case p.given("access_key") && !p.given("secret_key"):
		p.fault("secret_key", "missing", "add the secret of the access key")
	case p.given("secret_key") && !p.given("access_key"), p.given("session_token") && !p.given("access_key"):
		p.fault("access_key", "missing", "add the access key of the secret")
	case p.given("account_key") && p.given("sas_token"):
		p.fault("sas_token", "account_key is set too", "keep one of them")
	}
}

// sseModes says which modes a kind of store knows.
var sseModes = map[string][]string{"s3": {"AES256", "aws:kms"}, "gs": {"gcp:kms"}, "azblob": {"azure:scope"}}

func (p place) mode(kind, mode string) {
	if mode != "" && kind != "file" && !slices.Contains(sseModes[kind], mode) {
		p.fault("mode", mode+" is not for "+kind+"://", "use "+strings.Join(sseModes[kind], " or "))
	}
}

func validateKeys(sse place, s SSE) {
	if s.Mode == "AES256" {
		for _, key := range []string{"key", "keys"} {
			if sse.given(key) {
				sse.fault(key, "AES256 takes no key", "set mode: aws:kms or remove it")
			}
		}
	}
	if s.Mode != "AES256" && s.Mode != "aws:kms" && s.Mode != "" && s.Key == "" && len(s.Keys) == 0 {
		sse.fault("key", "missing", "name the key or the scope")
	}
	seen := map[string]bool{}
	for i, k := range s.Keys {
		if k.Kind != "" && seen[k.Kind] {
			sse.entry("keys", i).fault("kind", k.Kind+" has a key already", "keep one of them")
		}
		seen[k.Kind] = true
	}
}

// classes are the storage classes of the stores that have a closed list.
var classes = map[string][]string{
	"gs":     {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"},
	"azblob": {"Hot", "Cool", "Cold", "Archive"},
}

func (p place) class(kind, class string) {
	if known := classes[kind]; class != "" && known != nil && !slices.Contains(known, class) {
		p.fault("storage_class", fmt.Sprintf("%q is not known", clip(class)), "use "+strings.Join(known, ", "))
	}
}

func (p place) validateLock(d Destination) {
	expiry, lasts := d.Lock.Expiry()
	switch {
	case d.Lock.Mode == "" || d.Lock.Until == "":
	case expiry && d.Keep == Keep{} && len(d.KeepByKind) == 0:
		p.section("lock").fault("until", "there is no keep that could say when", "add keep, or write a duration")
	case expiry && !d.Keep.ends() && len(d.KeepByKind) == 0:
		p.section("lock").fault("until", "its keep has no time for a backup without a tag, so nothing would be locked", "add hourly, daily, weekly, monthly or within to keep, or write a duration")
	case !expiry && lasts <= 0:
		p.section("lock").fault("until", "a lock that is over at once", "write expiry, or 30d")
	}
}

// validateKeep refuses spans of nothing: they would say that something is kept, and keep
// none.
func validateKeep(p place, k Keep) {
	for _, span := range []struct {
		key   string
		lasts Duration
	}{{"hourly", k.Hourly}, {"daily", k.Daily}, {"weekly", k.Weekly}, {"monthly", k.Monthly}, {"tagged", k.Tagged}, {"within", k.Within}} {
		if p.given(span.key) && span.lasts == 0 {
			p.fault(span.key, "a span of zero keeps nothing", "write 30d, or leave it out")
		}
	}
}

// String names the place, the same for two spellings of it; "" if there is none.
func (s Store) String() string {
	switch {
	case s.S3 != nil:
		return fmt.Sprintf("s3 %s %s/%s", s.S3.Endpoint, s.S3.Bucket, s.S3.Prefix)
	case s.GCS != nil:
		return fmt.Sprintf("gs %s %s/%s", s.GCS.Endpoint, s.GCS.Bucket, s.GCS.Prefix)
	case s.Azure != nil:
		return fmt.Sprintf("azblob %s %s/%s/%s", s.Azure.Endpoint, s.Azure.Account, s.Azure.Container, s.Azure.Prefix)
	case s.File != nil:
		return "file " + strings.TrimRight(s.File.Dir, "/")
	}
	return ""
}
