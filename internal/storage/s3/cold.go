package s3

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// tiers are how an object of a class is thawed, and within what time, as
// Amazon's "Restoring an archived object" has it. The class that moves objects
// of itself says with each how cold that is.
func tiers(class types.StorageClass, archive types.ArchiveStatus) []storage.ThawTier {
	switch {
	case class == types.StorageClassGlacier, archive == types.ArchiveStatusArchiveAccess:
		return []storage.ThawTier{{Name: "Standard", Within: 5 * time.Hour}, {Name: "Bulk", Within: 12 * time.Hour}, {Name: "Expedited", Within: 5 * time.Minute}}
	case class == types.StorageClassDeepArchive, archive == types.ArchiveStatusDeepArchiveAccess:
		return []storage.ThawTier{{Name: "Standard", Within: 12 * time.Hour}, {Name: "Bulk", Within: 48 * time.Hour}}
	}
	return nil
}

// Temperature implements storage.Thawer.
func (s *Store) Temperature(ctx context.Context, key string) (storage.Temperature, error) {
	t, err := s.temperature(ctx, key)
	if err != nil {
		return storage.Temperature{}, fmt.Errorf("look at the storage class of %s: %w", key, err)
	}
	return t, nil
}

func (s *Store) temperature(ctx context.Context, key string) (t storage.Temperature, err error) {
	full, err := s.key(key)
	if err != nil {
		return t, err
	}
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.o.Bucket, Key: &full})
	if err != nil {
		return t, s.explain(ctx, err)
	}
	class := head.StorageClass
	if class == "" {
		class = types.StorageClassStandard
	}
	t.Class, t.Tiers = string(class), tiers(class, head.ArchiveStatus)
	if t.Tiers == nil {
		return t, nil
	}
	t.Thawing, t.Until = thaw(aws.ToString(head.Restore))
	t.Cold = t.Thawing || t.Until.IsZero()
	return t, nil
}

var expiry = regexp.MustCompile(`expiry-date="([^"]+)"`)

// thaw reads the header x-amz-restore.
func thaw(header string) (ongoing bool, until time.Time) {
	if strings.Contains(header, `ongoing-request="true"`) {
		return true, time.Time{}
	}
	if m := expiry.FindStringSubmatch(header); m != nil {
		if t, err := time.Parse(time.RFC1123, m[1]); err == nil {
			return false, t.UTC()
		}
	}
	return false, time.Time{}
}

// Thaw implements storage.Thawer. It needs s3:RestoreObject.
func (s *Store) Thaw(ctx context.Context, key, tier string, days int) error {
	if err := s.thaw(ctx, key, tier, days); err != nil {
		return fmt.Errorf("thaw %s: %w", key, err)
	}
	return nil
}

func (s *Store) thaw(ctx context.Context, key, tier string, days int) error {
	if days < 1 || days > math.MaxInt32 {
		return fmt.Errorf("for %d days", days)
	}
	t, err := s.temperature(ctx, key)
	if err != nil || !t.Cold || t.Thawing {
		return err
	}
	var known []string
	for _, k := range t.Tiers {
		known = append(known, k.Name)
	}
	if tier == "" {
		tier = known[0]
	}
	if !slices.Contains(known, tier) {
		return hint.Wrap(fmt.Errorf("class %s knows no tier %q", t.Class, tier), "one of %s", strings.Join(known, ", "))
	}
	request := &types.RestoreRequest{GlacierJobParameters: &types.GlacierJobParameters{Tier: types.Tier(tier)}}
	if t.Class != string(types.StorageClassIntelligentTiering) { // which keeps it readable, and wants no days
		request.Days = aws.Int32(int32(days))
	}
	_, err = s.client.RestoreObject(ctx, &s3.RestoreObjectInput{Bucket: &s.o.Bucket, Key: aws.String(s.prefix + key), RestoreRequest: request})
	if err != nil && code(err) != "RestoreAlreadyInProgress" {
		return s.explain(ctx, err)
	}
	return nil
}
