package azblob

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// tiers are how an object is thawed, and within what time, as Azure's "Blob
// rehydration from the archive tier" has it. High is for objects below 10 GB;
// others may take as long as Standard.
func tiers() []storage.ThawTier {
	return []storage.ThawTier{
		{Name: string(blob.RehydratePriorityStandard), Within: 15 * time.Hour},
		{Name: string(blob.RehydratePriorityHigh), Within: time.Hour},
	}
}

// Temperature implements storage.Thawer. Until is always zero: a thawed object
// is in another tier for good.
func (s *Store) Temperature(ctx context.Context, key string) (storage.Temperature, error) {
	full, err := s.key(key)
	if err != nil {
		return storage.Temperature{}, fmt.Errorf("look at the access tier of %s: %w", key, err)
	}
	t, err := s.temperature(ctx, s.client.NewBlobClient(full))
	if err != nil {
		return storage.Temperature{}, fmt.Errorf("look at the access tier of %s: %w", key, err)
	}
	return t, nil
}

func (s *Store) temperature(ctx context.Context, b *blob.Client) (t storage.Temperature, err error) {
	head, err := b.GetProperties(ctx, nil)
	if err != nil {
		return t, s.explain(ctx, err)
	}
	t.Class = value(head.AccessTier)
	if t.Class != string(blob.AccessTierArchive) {
		return t, nil
	}
	t.Tiers, t.Cold = tiers(), true
	t.Thawing = strings.HasPrefix(value(head.ArchiveStatus), "rehydrate-pending")
	return t, nil
}

// Thaw implements storage.Thawer. The object goes into the tier Cool and stays
// there: Azure knows no thawing for some days.
func (s *Store) Thaw(ctx context.Context, key, tier string, _ int) error {
	full, err := s.key(key)
	if err == nil {
		err = s.thaw(ctx, s.client.NewBlobClient(full), tier)
	}
	if err != nil {
		return fmt.Errorf("thaw %s: %w", key, err)
	}
	return nil
}

func (s *Store) thaw(ctx context.Context, b *blob.Client, tier string) error {
	t, err := s.temperature(ctx, b)
	if err != nil || !t.Cold || t.Thawing {
		return err
	}
	if tier == "" {
		tier = t.Tiers[0].Name
	}
	if !slices.ContainsFunc(t.Tiers, func(k storage.ThawTier) bool { return k.Name == tier }) {
		return fmt.Errorf("access tier %s knows no tier %q", t.Class, tier)
	}
	priority := blob.RehydratePriority(tier)
	_, err = b.SetTier(ctx, blob.AccessTierCool, &blob.SetTierOptions{RehydratePriority: &priority})
	if err != nil && !bloberror.HasCode(err, bloberror.BlobBeingRehydrated) {
		return s.explain(ctx, err)
	}
	return nil
}
