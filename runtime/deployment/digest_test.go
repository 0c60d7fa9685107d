// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// loadedDigest loads files, of which the first is the script, from a folder of their own.
func loadedDigest(t *testing.T, files ...string) (*Loaded, string) {
	t.Helper()
	folder := t.TempDir()
	for n := 0; n < len(files); n += 2 {
		path := filepath.Join(folder, files[n])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[n+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(context.Background(), filepath.Join(folder, files[0]), Options{})
	if err != nil || loaded.Diagnostics.HasErrors() {
		t.Fatal(err, loaded.Diagnostics)
	}
	return loaded, loaded.Digest()
}

func TestDigest(t *testing.T) {
	t.Parallel()
	const entry, module = `load("lib/a.star", "n")
deploy(tenant(name = n))
`, `n = "blue"
`
	loaded, first := loadedDigest(t, "x.star", entry, "lib/a.star", module)
	if len(first) != len("sha256:")+64 || len(loaded.APIVersions()) != 0 {
		t.Errorf("got %s and %v", first, loaded.APIVersions())
	}
	if none := (&Loaded{}).Digest(); none != "" {
		t.Errorf("got %s without a script", none)
	}
	for name, c := range map[string]struct {
		files []string
		same  bool
	}{
		"elsewhere":       {[]string{"x.star", entry, "lib/a.star", module}, true},
		"another name":    {[]string{"deep/er/y.star", entry, "deep/er/lib/a.star", module}, true},
		"changed":         {[]string{"x.star", entry + "# more\n", "lib/a.star", module}, false},
		"changed module":  {[]string{"x.star", entry, "lib/a.star", module + "# more\n"}, false},
		"not loaded file": {[]string{"x.star", entry, "lib/a.star", module, "lib/b.star", module}, true},
		"moved module":    {[]string{"x.star", `load("lib/b.star", "n")` + entry[len(`load("lib/a.star", "n")`):], "lib/b.star", module}, false},
	} {
		if _, got := loadedDigest(t, c.files...); (got == first) != c.same {
			t.Errorf("%s: got %s beside %s, want the same: %v", name, got, first, c.same)
		}
	}
}

func TestAPIVersionsOfScores(t *testing.T) {
	t.Parallel()
	loaded, _ := loadedDigest(t, "x.star", `
targets = [static_targets(name = "web", targets = ["web:80"])]
deploy(
    tenant(name = "plain"),
    tenant_monitoring(tenant = "b", stack = monitoring_stack(api_version = V3_RHOB, scrape_targets = targets)),
    tenant_monitoring(tenant = "a", stack = monitoring_stack(api_version = V2_CRD, scrape_targets = targets)),
    tenant_monitoring(tenant = "c", stack = monitoring_stack(api_version = V2_CRD, scrape_targets = targets)),
)
`)
	if got := loaded.APIVersions(); !slices.Equal(got, []string{"V2_CRD", "V3_RHOB"}) {
		t.Errorf("got %v", got)
	}
}
