// SPDX-License-Identifier: Apache-2.0

// This file holds what is compiled against golden files and against the parsers of those who read it.

package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// TestMatrix compiles every channel with every argument for every version. What a version refuses is golden, and so is what
// depends on the channel in what it makes.
func TestMatrix(t *testing.T) {
	for _, b := range backends(t) {
		readers := newReaders(t, b.Version())
		for _, c := range matrix(t, b) {
			t.Run(c.channel+"/"+c.version.String(), func(t *testing.T) {
				checkRefused(t, c)
				if c.whole {
					return
				}
				loaded := compiled(t, script(t, c.version, map[string][]string{c.tenant(): texts(c.calls)}, []string{c.tenant()}))
				files.Check(t, c.file(".yaml"), channelText(t, loaded.Objects))
				readers.check(t, loaded.Objects)
			})
		}
	}
}

// checkRefused expects the version to refuse what it lacks, and nothing else.
func checkRefused(t *testing.T, c cell) {
	t.Helper()
	loaded := load(t, script(t, c.version, map[string][]string{c.tenant(): texts(c.all)}, []string{c.tenant()}))
	refused := slices.DeleteFunc(loaded.Diagnostics, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	if lacking := c.whole || len(c.missing) > 0; lacking != (len(refused) > 0) {
		t.Errorf("got %d errors, want some only because of %v (whole: %v):\n%s", len(refused), c.missing, c.whole, refused)
	}
	if len(refused) == 0 {
		return
	}
	var b bytes.Buffer
	told := map[string]bool{"": true}
	for _, d := range refused {
		fmt.Fprintf(&b, "%s: %s\n", d.Code, d.Summary)
		for _, more := range []string{d.Detail, d.Fix} {
			if !told[more] {
				fmt.Fprintf(&b, "    %s\n", more)
			}
			told[more] = true
		}
	}
	files.Check(t, c.file("_refused.txt"), b.Bytes())
}

// channelText shows what depends on the channels: the receivers, and where the values of their Secret come from.
func channelText(t *testing.T, objects []backend.Object) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, o := range objects {
		switch o.ID.Kind {
		case "Secret":
			if !strings.HasSuffix(o.ID.Name, "-alert-channels") && !strings.HasPrefix(o.ID.Name, "alertmanager-") {
				continue
			}
			fmt.Fprintf(&b, "# Secret %s\n", o.ID.Name)
			for _, key := range slices.Sorted(maps.Keys(o.Secrets)) {
				fmt.Fprintf(&b, "# data[%s] = %s\n", key, o.Secrets[key])
			}
			// The configuration that the operator starts from, where a channel needs one.
			var secret struct{ Data map[string][]byte }
			if err := json.Unmarshal(o.Manifest, &secret); err != nil {
				t.Fatal(err)
			}
			for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
				fmt.Fprintf(&b, "# data[%s]:\n%s", key, secret.Data[key])
			}
		case "AlertmanagerConfig":
			var config struct {
				Spec struct{ Receivers []json.RawMessage }
			}
			if err := json.Unmarshal(o.Manifest, &config); err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(config.Spec.Receivers)
			if err != nil {
				t.Fatal(err)
			}
			text, err := yaml.JSONToYAML(encoded)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "# %s\n%s", o.ID.APIVersion(), text)
		}
	}
	return b.Bytes()
}

// TestCommon holds what does not depend on the channel: rules, targets and routes.
func TestCommon(t *testing.T) {
	channels := []string{`discord(name = "on-call", webhook_url = secret(env = "WEBHOOK_URL"))`, `webhook(name = "tickets", url = "https://example.com/hook")`}
	for _, b := range backends(t) {
		name := tenantName(b.Version(), "common")
		loaded := compiled(t, script(t, b.Version(), map[string][]string{name: channels}, []string{name}))
		newReaders(t, b.Version()).check(t, loaded.Objects)
		var shown []backend.Object
		for _, o := range loaded.Objects {
			switch o.ID.Kind {
			case "PrometheusRule", "ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "AlertmanagerConfig":
				shown = append(shown, o)
			}
		}
		files.Check(t, "common_"+b.Version().String()+".yaml", samples.Text(t, shown))
	}
}

// TestComplete expects the matrix to have everything that the table of signatures has: all arguments of all channels, and
// all kinds of rules, targets and routes. No golden file is left of what went.
func TestComplete(t *testing.T) {
	known := map[string]bool{"common.star": true}
	for _, b := range backends(t) {
		known["common_"+b.Version().String()+".yaml"] = true
		for _, c := range matrix(t, b) {
			known[c.file(".yaml")], known[c.file("_refused.txt")] = !c.whole, c.whole || len(c.missing) > 0
			var all strings.Builder
			for _, v := range c.all {
				all.WriteString(v.Call)
			}
			checkArguments(t, c.channel, all.String())
		}
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s belongs to nothing in the matrix any more: delete it", filepath.Join("testdata", e.Name()))
		}
	}
	common, err := os.ReadFile("testdata/common.star")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range builtins.Signatures() {
		kinds := []string{"scrape_target", "rule", "alert_rule_group", "route", "matcher", "inhibit_rule", "mute_time", "time_interval"}
		if s.Receiver == "" && slices.Contains(kinds, s.Result) && !strings.Contains(string(common), s.Name+"(") {
			t.Errorf("testdata/common.star has no %s", s.Name)
		}
	}
}

// checkArguments expects every argument of a channel and of the blocks in it to be in one of its calls. Those of the blocks
// that all channels over HTTP share are expected of the webhook.
func checkArguments(t *testing.T, name, text string) {
	t.Helper()
	s, ok := builtins.Standard().Signature(name)
	if !ok {
		t.Fatalf("no builtin %q", name)
	}
	for _, a := range s.Arguments {
		if !strings.Contains(text, a.Name+" = ") {
			t.Errorf("the matrix never gives %s of %s", a.Name, name)
		}
	}
	if name != "webhook" {
		return
	}
	for _, block := range []string{"http_config", "authorization", "basic_auth", "oauth2", "tls_config"} {
		checkArguments(t, block, text)
	}
}
