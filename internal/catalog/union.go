package catalog

// Union returns each backup of several destinations once, in the order in which they
// first appear: as one has it where nothing bad is known of it, if there is one.
func Union(destinations ...[]Entry) []Entry {
	var out []Entry
	at := map[Key]int{}
	for _, entries := range destinations {
		for _, e := range entries {
			key := e.Key(ManifestSuffix)
			switch i, ok := at[key]; {
			case !ok:
				at[key] = len(out)
				out = append(out, e)
			case out[i].Item().Bad:
				out[i] = e
			}
		}
	}
	return out
}
