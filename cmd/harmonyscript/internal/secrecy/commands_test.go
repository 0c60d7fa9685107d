// SPDX-License-Identifier: Apache-2.0

// This file calls every verb, with every form of output that it has.

package secrecy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// verb is how a verb is tried.
type verb struct {
	// offline calls it without a cluster.
	offline func(w *world)
	// deployed calls it when secrets.star is deployed in a version.
	deployed func(w *world, version string)
}

// verbs are those of the program. TestEveryVerbIsSearched wants all of them here.
func verbs() map[string]verb {
	return map[string]verb{
		"check": {offline: func(w *world) {
			w.inBoth(0, "check", "secrets.star")
			w.inBoth(0, "check", "--set", "version=V3_RHOB", "secrets.star")
			for _, name := range slices.Sorted(maps.Keys(literals())) {
				w.inBoth(2, "check", "--set", "url="+secrets()["WORD"], name)
			}
		}},
		"plan": {offline: func(w *world) { w.inBoth(1, "plan", "secrets.star") }, deployed: func(w *world, version string) {
			w.inBoth(0, "plan", "--set", "retention=11d", "secrets.star")
			w.inBoth(0, "plan", "--destroy", "secrets.star")
			if version == "V1_HELM" {
				w.mustRun(1, []string{"plan", "--helm-chart", w.failingChart(), "secrets.star"}, "it has {")
				w.mustRun(1, []string{"apply", "--helm-chart", w.failingChart(), "secrets.star"}, "it has {")
			}
			w.mustRun(0, []string{"plan", "--out", "kept.plan", "--set", "retention=11d", "secrets.star"}, "stored in kept.plan")
			w.mustRun(0, []string{"apply", "--plan", "kept.plan"}, "updated")
			w.mustRun(1, []string{"apply", "--plan", "kept.plan"})
		}},
		"render": {offline: func(w *world) {
			for _, version := range []string{"V1_HELM", "V2_CRD", "V3_RHOB"} {
				w.inBoth(0, "render", "--set", "version="+version, "secrets.star")
			}
			w.inBoth(2, "render", "as-variable.star")
			w.inBoth(1, "render", "--set", "version=V1_HELM", "--helm-chart", w.failingChart(), "secrets.star")
		}},
		"apply": {offline: func(w *world) {
			w.inBoth(1, "apply", "secrets.star")
			w.inBoth(2, "apply", "in-place.star")
		}, deployed: func(w *world, version string) {
			w.inBoth(0, "apply", "secrets.star")
			if output := map[string]string{"V2_CRD": "text", "V3_RHOB": "json"}[version]; output != "" {
				w.watch(output)
			}
			w.others()
			w.fleet()
		}},
		"status": {offline: func(w *world) { w.inBoth(1, "status", "secrets.star") }, deployed: func(w *world, _ string) {
			w.inBoth(0, "status", "--all", "secrets.star")
			w.inBoth(0, "status", "secrets.star")
		}},
		"history": {offline: func(w *world) { w.inBoth(1, "history", "secrets.star") }, deployed: func(w *world, _ string) {
			w.inBoth(0, "history", "secrets.star")
			w.inBoth(0, "history", "secrets.star", "1")
		}},
		"destroy": {offline: func(w *world) { w.inBoth(1, "destroy", "secrets.star") }},
		"migrate": {offline: func(w *world) {
			for _, version := range []string{"V1_HELM", "V3_RHOB"} {
				w.inBoth(0, "migrate", "--to", version, "secrets.star")
				w.inBoth(0, "migrate", "--to", version, "--helm-chart", chartFolder(w.t), "secrets.star")
			}
			w.inBoth(2, "migrate", "--to", "V3_RHOB", "in-place.star")
		}, deployed: func(w *world, version string) {
			w.inBoth(0, "migrate", "--kubeconfig", w.kubeconfig, "--to", version, "secrets.star")
		}},
		"repl": {offline: replOffline, deployed: func(w *world, version string) {
			r := w.start("plan()\napply()\nstatus()\nrender(stack)\nstack\nstack.alert_channels\nstack.alert_channels[0].webhook_url\n", w.settings(version, "repl", "secrets.star")...).wait()
			w.mustEnd(r, 0, "1 to update", "updated", "objects: ")
		}},
		"test": {offline: testOffline},
		"fmt": {offline: func(w *world) {
			w.mustRun(0, []string{"fmt", "--check", "secrets.star"})
			for _, name := range []string{"unclosed.star", "forgotten.star", "in-brackets.star", "user.star", "token.star", "lines.star", "open-lines.star"} {
				w.inBoth(2, "fmt", name)
				w.mustEnd(w.start(literals()[name], "fmt", "-").wait(), 2)
			}
		}},
		"doc": {offline: func(w *world) {
			for _, topic := range []string{"secret", "discord", "versions", "checks", "@stdlib//", "discrod"} {
				w.run("doc", topic)
				w.run("doc", "--output", "json", topic)
			}
		}},
		"sandbox":            {offline: func(w *world) { w.mustRun(2, []string{"sandbox", "upp"}) }},
		"sandbox up":         {offline: func(w *world) { w.sandbox("up", "--unknown") }},
		"sandbox down":       {offline: func(w *world) { w.sandbox("down") }},
		"sandbox status":     {offline: func(w *world) { w.sandbox("status") }},
		"sandbox kubeconfig": {offline: func(w *world) { w.sandbox("kubeconfig") }},
		"version":            {offline: func(w *world) { w.inBoth(0, "version") }},
		"help":               {offline: func(w *world) { w.mustRun(0, []string{"help", "apply"}) }},
		"completion": {offline: func(w *world) {
			w.mustRun(0, []string{"completion"})
			w.mustRun(0, []string{"__complete", "apply", "--set", ""})
			w.mustRun(0, []string{"__complete", "doc", ""})
		}},
		"completion bash":       {offline: func(w *world) { w.mustRun(0, []string{"completion", "bash"}) }},
		"completion zsh":        {offline: func(w *world) { w.mustRun(0, []string{"completion", "zsh"}) }},
		"completion fish":       {offline: func(w *world) { w.mustRun(0, []string{"completion", "fish"}) }},
		"completion powershell": {offline: func(w *world) { w.mustRun(0, []string{"completion", "powershell"}) }},
	}
}

// failingChart returns a chart that fails, and says all that it knows.
func (w *world) failingChart() string {
	w.t.Helper()
	folder := filepath.Join(w.folder, "failing")
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if err := os.CopyFS(folder, os.DirFS(chartFolder(w.t))); err != nil {
		w.t.Fatal(err)
	}
	w.write("failing/templates/fail.yaml", `{{ fail (printf "it has %s and %s" (toJson .) (toJson (lookup "v1" "Secret" .Release.Namespace ""))) }}`)
	return folder
}

// inBoth runs a call that has to end with code, once for people and once for programs.
func (w *world) inBoth(code int, arguments ...string) {
	w.t.Helper()
	w.mustRun(code, arguments)
	w.mustRun(code, append([]string{arguments[0], "--output", "json"}, arguments[1:]...))
}

// sandbox calls a verb of the sandbox's program, which may not be there.
func (w *world) sandbox(arguments ...string) {
	w.run(append([]string{"sandbox"}, arguments...)...)
	w.run(append([]string{"sandbox", arguments[0], "--output", "json"}, arguments[1:]...)...)
}

// settings adds the version and the name of the deployment to a call.
func (w *world) settings(version string, arguments ...string) []string {
	return append([]string{arguments[0], "--set", "version=" + version, "--set", "name=" + w.name}, arguments[1:]...)
}

// replOffline types what a person may: secrets by reference and in plain text, and mistakes about both.
func replOffline(w *world) {
	for _, c := range []struct {
		input string
		code  int
	}{
		{"secret(env = \"HOOK_URL\")\nd = discord(name = \"x\", webhook_url = secret(env = \"HOOK_URL\"))\nd\nd.webhook_url\n[d, {\"d\": d}]\nhelp(d)\nhelp(secret)\nprint(d)\n", 0},
		{fmt.Sprintf("discord(name = \"x\", webhook_url = %q)\n", secrets()["HOOK_URL"]), 2},
		{fmt.Sprintf("u = %q\ndiscord(name = \"x\", webhook_url = u)\nu + 1\nfail(\"no\")\n", secrets()["HOOK_URL"]), 2},
		{fmt.Sprintf("secret(env = %q)\nplan(secret(env = \"HOOK_URL\"))\n:%s\n", secrets()["HOOK_URL"], "unknown"), 2},
		{fmt.Sprintf("s = secret(env = %q)\n[s]\ndiscord(name = \"a-channel-with-a-name-that-makes-the-line-too-long\", webhook_url = s)\n", secrets()["HOOK_URL"]), 0},
		{literals()["unclosed.star"] + "\n", 2},
		{literals()["forgotten.star"] + "\n", 2},
		{"render(monitoring_stack(V2_CRD, namespace = \"x\", alert_channels = [discord(name = \"x\", webhook_url = secret(env = \"HOOK_URL\"))]))\n", 0},
	} {
		w.mustEnd(w.start(c.input, "repl").wait(), c.code)
	}
	w.mustEnd(w.start("stack\n", "repl", "secrets.star").wait(), 0, "monitoring_stack(")
	w.mustEnd(w.start("", "repl", "in-place.star").wait(), 2)
}

// testOffline runs test files and suites that fail while secrets are at hand.
func testOffline(w *world) {
	w.write("secrets_test.star", `load("./secrets-lib.star", "chat")
run_script("./secrets.star")
assert_eq(chat.webhook_url, secret(env = "OTHER"))
assert_eq(chat, 1)
def test_fails():
    fail(chat)
`)
	w.write("secrets-lib.star", "chat = discord(name = \"chat\", webhook_url = secret(env = \"HOOK_URL\"))\n")
	w.write("wrong_test.star", literals()["in-place.star"])
	w.write("broken_test.star", literals()["unclosed.star"])
	w.inputs = append(w.inputs, filepath.Join(w.folder, "wrong_test.star"), filepath.Join(w.folder, "broken_test.star"))
	w.write("suite.txtar", "exits 1 apply secrets.star\nharmonyscript check none.star\n-- secrets.star --\n"+secretsScript)
	for _, arguments := range [][]string{{"-v"}, {"--coverage"}, {"--junit", "report.xml"}, {"--output", "json"}} {
		w.mustRun(2, append(append([]string{"test"}, arguments...), "secrets_test.star", "wrong_test.star", "broken_test.star", "suite.txtar"))
	}
}

// subcommand is a line of help that names one.
var subcommand = regexp.MustCompile(`(?m)^  ([a-z]+) +\S`)

// listed returns all verbs of the program, those within verbs too, as its help tells them.
func listed(w *world, within ...string) []string {
	var all []string
	text := w.run(append(slices.Clone(within), "--help")...).out
	text, _, _ = strings.Cut(text, "\nFlags:")
	if _, lists, found := strings.Cut(text, "[command]"); found {
		for _, match := range subcommand.FindAllStringSubmatch(lists, -1) {
			name := append(slices.Clone(within), match[1])
			all = append(all, strings.Join(name, " "))
			all = append(all, listed(w, name...)...)
		}
	}
	return all
}

// TestEveryVerbIsSearched wants every verb to be tried, and in every form of output.
func TestEveryVerbIsSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript)
	for name, text := range literals() {
		w.input(name, text)
	}
	known := verbs()
	there := listed(w)
	if len(there) < 20 {
		t.Errorf("got %d verbs in the help, want all: %v", len(there), there)
	}
	for _, name := range there {
		if _, ok := known[name]; !ok {
			t.Errorf("verb %q is not tried: add it to the table", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !slices.Contains(there, name) {
			t.Errorf("the table has verb %q, which the program has not", name)
		}
		if known[name].offline == nil {
			t.Errorf("verb %q: not tried without a cluster", name)
			continue
		}
		known[name].offline(w)
		for _, form := range []string{"", "--output json"} {
			help := w.run(append(strings.Fields(name), "--help")...).out
			tried := slices.ContainsFunc(w.ran, func(call string) bool {
				return strings.HasPrefix(call, name) && !strings.Contains(call, "--help") && strings.Contains(call, "--output json") == (form != "")
			})
			if !tried && (form == "" || strings.Contains(help, "-output ")) {
				t.Errorf("verb %q %s: not tried", name, form)
			}
		}
	}
	w.searchFiles()
	t.Logf("%d runs", len(w.ran))
}
