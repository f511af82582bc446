package azblob

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// List implements storage.Store.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if dotted(prefix) {
			return // no key begins like that
		}
		full := s.prefix + prefix
		pages := s.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &full})
		for pages.More() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Object{}, fmt.Errorf("list %s: %w", s.o.Container, s.explain(ctx, err)))
				return
			}
			if page.Segment == nil {
				continue
			}
			for _, item := range page.Segment.BlobItems {
				if item == nil || item.Name == nil || item.Properties == nil {
					continue
				}
				// An account with a hierarchical namespace lists its folders, too.
				if strings.EqualFold(value(item.Properties.ResourceType), "directory") {
					continue
				}
				if !yield(s.object(item), nil) {
					return
				}
			}
		}
	}
}

func (s *Store) object(item *container.BlobItem) storage.Object {
	p := item.Properties
	return storage.Object{
		Key: strings.TrimPrefix(*item.Name, s.prefix), Size: value(p.ContentLength),
		Modified: value(p.LastModified).UTC(), Class: string(value(p.AccessTier)),
	}
}

func dotted(prefix string) bool {
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
