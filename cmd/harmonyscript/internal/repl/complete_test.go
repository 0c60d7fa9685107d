// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

// prepared is the text that the session of the tests has run.
const prepared = `
stack = monitoring_stack(api_version = V2_CRD, namespace = "monitoring")
stacks = [stack, stack]
by_name = {"blue": stack}
channel = discord(name = "x", webhook_url = secret(env = "D"))
text = "hidden"
def helper(first, second = 2, *rest, third, **more):
    return first
`

func testCompleter(t testing.TB) *completer {
	t.Helper()
	s := newTestShell(t)
	if _, problems := s.session.Run(context.Background(), prepared); problems.HasErrors() {
		t.Fatal(problems)
	}
	tree := fstest.MapFS{"lib/teams.star": {}, "lib/notes.txt": {}, "web.star": {}, ".hidden.star": {}}
	library := fstest.MapFS{"alerts/general.star": {}}
	return newCompleter(builtins.Standard(), ownSignatures(), s.session.Globals, func(prefix string) []string {
		return modules(tree, library, prefix)
	})
}

// TestComplete has the cursor at "|". What is wanted are texts that must be there, in this order and, unless the
// list ends in "…", no others; "-" in front wants the text not to be there.
func TestComplete(t *testing.T) {
	c := testCompleter(t)
	methods := []string{"add_alert_channel", "replace", "set_namespace", "set_scrape_targets"}
	for _, test := range []struct {
		text string
		want []string
	}{
		// Names.
		{"monitoring_s|", []string{"monitoring_stack"}},
		{"sta|", []string{"stack", "stacks", "static_targets", "status"}},
		{"x = [sta|", []string{"stack", "stacks", "static_targets", "status"}},
		{"hel|", []string{"helper", "helm_chart", "help"}},
		{"V|", []string{"V1_HELM", "V2_CRD", "V3_RHOB"}},
		{"lamb|", []string{"lambda"}},
		{"sor|", []string{"sorted"}},
		{"|", []string{"by_name", "channel", "helper", "stack", "…", "-$value"}},
		{"12|", nil},
		{"# sta|", nil},
		{"x = 'sta|", nil},
		{"if stack:\n|", []string{indentation}},
		{"if stack:\n    |", []string{indentation}},
		{"x = [\nstack|", []string{"stack", "stacks"}},
		// Attributes.
		{"stack.name|", []string{"namespace", "name"}},
		{"stack.set_|", []string{"set_namespace", "set_scrape_targets"}},
		{"stack.|", append([]string{"api_version", "namespace", "…"}, methods...)},
		{"stack.\n|", []string{indentation}},
		{"stacks[1].add|", methods[:1]},
		{"stacks[7].add|", nil},
		{`by_name["blue"].set_n|`, methods[2:3]},
		{`by_name["green"].set_n|`, nil},
		{`stack.set_namespace("b").replace(name = "c").set_n|`, methods[2:3]},
		{`monitoring_stack(V2_CRD, namespace = f(")", [1])).set_n|`, methods[2:3]},
		{"(stack).set_n|", methods[2:3]},
		{"stack.namespace.upp|", []string{"upper"}},
		{`"a".upp|`, []string{"upper"}},
		{"[1].app|", []string{"append"}},
		{"{}.ke|", []string{"keys"}},
		{"stacks.ext|", []string{"extend"}},
		{"nothing.x|", nil},
		{"helper(1).x|", nil},
		{"x = 1.|", nil},
		{"return.|", nil},
		{".|", nil},
		// Arguments.
		{"discord(|", []string{"name=", "webhook_url=", "…"}},
		{"discord(web|", []string{"webhook_url=", "webex", "webhook"}},
		{"discord(webhook_url = secret(env = 'a'), na|", []string{"name="}},
		{"discord(name = 'x', |", []string{"webhook_url=", "…", "-name="}},
		{"discord(name = f(a, b = 1), |", []string{"webhook_url=", "…", "-name=", "-b="}},
		{"discord(|, name = 'x')", []string{"webhook_url=", "…", "-name="}},
		{"discord(\n    name = 'x',\n    |\n)", []string{"webhook_url=", "…", "-name="}},
		{"monitoring_stack(V2_CRD, |", []string{"namespace=", "…", "-api_version="}},
		{"monitoring_stack(V2_CRD + n|", []string{"-namespace=", "-name="}},
		{"stack.replace(ret|", []string{"retention=", "return"}},
		{"stack.set_namespace(n|", []string{"namespace=", "not"}},
		{"helper(|", []string{"first=", "second=", "third="}},
		{"helper(1, |", []string{"second=", "third="}},
		{"plan(stack, n|", []string{"name=", "not"}},
		{"deploy(sta|", []string{"stack", "stacks", "static_targets", "status"}},
		{"deploy([discord(name = 'x'), discord(|])", []string{"name=", "webhook_url=", "…"}},
		{"discord()(|", []string{"stack", "…", "-name="}},
		{"len(|", []string{"stack", "…"}},
		{"load(|", []string{"stack", "…"}},
		// Values of arguments.
		{"tenant_monitoring(mode = |", []string{`"dedicated"`, "…", "-stack"}},
		{`tenant_monitoring(mode = "|`, []string{`dedicated"`, "…"}},
		{`tenant_monitoring(mode = "ded|`, []string{`dedicated"`}},
		{"monitoring_stack(api_version = |", []string{"V1_HELM", "V2_CRD", "V3_RHOB"}},
		{"monitoring_stack(api_version=V2|", []string{"V2_CRD"}},
		{"discord(webhook_url = |", []string{"secret"}},
		{"discord(send_resolved = |", []string{"True", "False"}},
		{"tenant_monitoring(stack = |", []string{"stack", "monitoring_stack"}},
		{"discord(name = |", []string{"by_name", "…"}},
		// Paths and names in strings.
		{`load("|`, []string{"@stdlib//", `lib/`, `web.star"`}},
		{`load("lib/|`, []string{`lib/teams.star"`}},
		{`load("@stdlib//al|`, []string{"@stdlib//alerts/"}},
		{`load("@stdlib//alerts/|`, []string{`@stdlib//alerts/general.star"`}},
		{`load("../|`, nil},
		{`load("lib/teams.star", "t|`, nil},
		{`help("monitoring_stack.set_n|`, []string{`monitoring_stack.set_namespace"`}},
		{`help('tenant_m|`, []string{`tenant_monitoring'`, `tenant_monitoring.replace'`}},
	} {
		t.Run(test.text, func(t *testing.T) {
			before, after, _ := strings.Cut(test.text, "|")
			found := c.complete(before+after, len(before))
			var got []string
			for _, f := range found.candidates {
				got = append(got, f.text)
			}
			checkTexts(t, test.want, got)
		})
	}
}

func checkTexts(t *testing.T, want, got []string) {
	t.Helper()
	var exact, refused []string
	open := false
	for _, w := range want {
		switch {
		case w == "…":
			open = true
		case strings.HasPrefix(w, "-"):
			open, refused = true, append(refused, w[1:])
		default:
			exact = append(exact, w)
		}
	}
	for _, r := range refused {
		if slices.Contains(got, r) {
			t.Errorf("got %q among %q, want it not to be", r, got)
		}
	}
	if open {
		got = slices.DeleteFunc(got, func(g string) bool { return !slices.Contains(exact, g) })
	}
	if diff := cmp.Diff(exact, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCandidatesAreDescribed(t *testing.T) {
	c := testCompleter(t)
	lines := map[string]string{}
	for _, text := range []string{"discord(", "stack.", "", "helper("} {
		for _, f := range c.complete(text, len(text)).candidates {
			lines[f.text] = f.doc
		}
	}
	for text, want := range map[string]string{
		"webhook_url=": "(required) secret:", "title=": "string:", "set_namespace": "a copy of the stack",
		"discord": "an alert channel", "helper": "function of <repl>:1", "second=": "default 2", "first=": "required",
		"V2_CRD": "prometheus-operator", "channel": `discord(name = "x", webhook_url = secret(env = "D"))`,
	} {
		if !strings.Contains(lines[text], want) {
			t.Errorf("candidate %s: got line %q, want it to contain %q", text, lines[text], want)
		}
	}
	if got := lines["text"]; got != "string" {
		t.Errorf("candidate text: got line %q, want the type alone", got)
	}
}

// TestOfferedToEditor checks that what the editor takes away is what stands in front of the cursor.
func TestOfferedToEditor(t *testing.T) {
	c := testCompleter(t)
	for text, want := range map[string]string{
		"sta": "sta", "stack.se": ".se", "discord(": "(", "discord(name = 'x', w": " w", "x = [\nsta": "\nsta", "": "",
	} {
		if got := offered(c, []rune(text), len([]rune(text))); got.PREFIX != want {
			t.Errorf("offered(%q): got prefix %q, want %q", text, got.PREFIX, want)
		}
	}
	if got := offered(c, []rune("é.st"), 99); got.PREFIX != ".st" {
		t.Errorf("offered past the end: got prefix %q, want %q", got.PREFIX, ".st")
	}
	if got := offered(c, []rune("größe"), 5); got.PREFIX != "" {
		t.Errorf("offered for what the editor cannot replace: got prefix %q, want none", got.PREFIX)
	}
}

// FuzzComplete checks that no text makes completion fail, and that candidates complete what is there.
func FuzzComplete(f *testing.F) {
	c := testCompleter(f)
	for _, seed := range []string{
		"stack.", `discord(name="a", w`, "stacks[0].", `by_name["blue"].r`, "f(a)(b)[c].d", `load("@stdlib//`, "x = '''a\n", "a.b.c(d=e.", "))]]", `help("`,
		"helper(1,*[],**{},", "((((((", "stack.replace(", "{a:b}.", "\\\n.", "not(", "é.", "é(",
	} {
		f.Add(seed, len(seed))
		f.Add(seed, len(seed)/2)
	}
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		found := c.complete(text, cursor)
		if cursor < 0 || cursor > len(text) {
			cursor = len(text)
		}
		if !strings.HasSuffix(text[:cursor], found.word) {
			t.Fatalf("complete(%q, %d): got word %q, want what stands in front of the cursor", text, cursor, found.word)
		}
		for _, candidate := range found.candidates {
			if !strings.HasPrefix(candidate.text, found.word) {
				t.Fatalf("complete(%q, %d): got candidate %q, want it to begin with %q", text, cursor, candidate.text, found.word)
			}
		}
		if utf8.ValidString(text) {
			offered(c, []rune(text), cursor)
		}
	})
}

func TestOwnFunctionsAreAllDescribed(t *testing.T) {
	s := newTestShell(t)
	for name, value := range s.session.Globals() {
		if _, builtin := value.(*starlark.Builtin); !builtin || starlark.Universe.Has(name) {
			continue
		}
		if _, ok := s.completer.functions[name]; !ok {
			t.Errorf("function %s: got no signature, want one for help and completion", name)
		}
	}
}
