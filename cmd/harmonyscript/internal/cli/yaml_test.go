// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var yamlSeeds = []string{
	`{}`, `[]`, `null`, `true`, `"text"`, `0`, `-7`, `1.5`, `1e3`, `9223372036854775807`, `9223372036854775808`, `18446744073709551615`, `123456789012345678901234567890`,
	`{"b":[1,2,{"c":null}],"a":{"x":"1","y":"true","z":"","n":"null","o":"0o7","d":"2026-01-02","t":"12:30","u":"~"}}`,
	`{"expr":"sum by (job) (rate(a{code=~\"5..\"}[5m])) \u003e 0.05","text":"{{ $labels.instance }} is down","lines":"a\nb\n\nc","tail":"a\n","space":" a ","tab":"\ta"}`,
	`{"long":"aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccccccccccccc ddddddddddddddddddddddddd eeeeeeeeeeeee","ü":"süß ☃","10":1,"9":2,"a b":3,"#":"#"}`,
}

// TestYAML holds our way from JSON to YAML against the usual one.
func TestYAML(t *testing.T) {
	for _, text := range yamlSeeds {
		sameYAML(t, text)
	}
}

func FuzzYAML(f *testing.F) {
	for _, text := range yamlSeeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) != nil {
			return
		}
		manifest, err := json.Marshal(value) // as manifests are written
		if err != nil {
			return
		}
		sameYAML(t, string(manifest))
	})
}

func sameYAML(t *testing.T, manifest string) {
	t.Helper()
	want, err := yaml.JSONToYAML([]byte(manifest))
	if err != nil {
		return // a parser of YAML refuses control characters that JSON may have
	}
	got, err := yamlOf([]byte(manifest))
	if err != nil || string(got) != string(want) {
		t.Errorf("%s: got %v and\n%s\nwant\n%s", manifest, err, got, want)
	}
}
