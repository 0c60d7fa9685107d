// SPDX-License-Identifier: Apache-2.0

// This file shows compiled objects as golden files have them.

package samples

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Text renders objects as YAML, with what the manifest does not tell as comments.
func Text(t testing.TB, objects []backend.Object) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, o := range objects {
		manifest, err := yaml.JSONToYAML(o.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "---\n# %s, from %s\n", o.Stage, o.Origin.Position())
		for _, key := range slices.Sorted(maps.Keys(o.Secrets)) {
			fmt.Fprintf(&b, "# data[%s] = %s\n", key, o.Secrets[key])
		}
		b.Write(manifest)
	}
	return b.Bytes()
}
