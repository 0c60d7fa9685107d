// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// buffer may be written and read at the same time.
type buffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// recorder tells what the verbs were asked for.
type recorder struct {
	out  io.Writer
	wait func(context.Context) error
}

func (r recorder) record(ctx context.Context, verb string, request Request) error {
	fmt.Fprintf(r.out, "%s %s: %d scores, %d objects, titles %q, partial %t\n", verb, request.Loaded.Deployment.Name,
		len(request.Loaded.Deployment.Scores), len(request.Loaded.Objects), request.Titles, request.Partial)
	if r.wait != nil {
		return r.wait(ctx)
	}
	return nil
}

func (r recorder) Plan(ctx context.Context, q Request) error   { return r.record(ctx, "plan", q) }
func (r recorder) Render(ctx context.Context, q Request) error { return r.record(ctx, "render", q) }
func (r recorder) Apply(ctx context.Context, q Request) error  { return r.record(ctx, "apply", q) }
func (r recorder) Status(ctx context.Context, q Request) error { return r.record(ctx, "status", q) }

func testOptions(out, problems io.Writer) Options {
	loading := deployment.Options{Library: builtins.Standard()}
	return Options{
		Library:    loading.Library,
		NewSession: func() *host.Session { return deployment.NewHost(loading).NewSession(SessionName) },
		Finish:     func(r host.Result) (*deployment.Loaded, error) { return deployment.Finish(r, nil, loading) },
		Verbs:      recorder{out: out},
		In:         strings.NewReader(""), Out: out, Err: problems,
	}
}

func newTestShell(t testing.TB) *shell {
	t.Helper()
	s := newShell(testOptions(io.Discard, io.Discard))
	if !s.begin(context.Background()) {
		t.Fatal("the session did not begin")
	}
	return s
}

// runText runs the text as a program that is piped in would be.
func runText(t *testing.T, text string, change func(*Options)) (out, problems string, err error) {
	t.Helper()
	var stdout, stderr buffer
	options := testOptions(&stdout, &stderr)
	options.In = strings.NewReader(text)
	if change != nil {
		change(&options)
	}
	err = Run(t.Context(), options)
	return stdout.String(), stderr.String(), err
}

func TestVerbs(t *testing.T) {
	const setup = `
blue = tenant(name = "blue")
green = tenant(name = "green")
`
	for _, c := range []struct{ name, text, want string }{
		{"one score", `plan(blue)`, "plan repl: 1 scores, 4 objects, titles [\"tenant \\\"blue\\\"\"], partial true\n"},
		{"several and a list", `render(blue, [green])`, "render repl: 2 scores, 8 objects, titles [\"tenant \\\"blue\\\"\" \"tenant \\\"green\\\"\"], partial true\n"},
		{"with a name", `apply(blue, name = "mine")`, "apply mine: 1 scores, 4 objects, titles [\"tenant \\\"blue\\\"\"], partial false\n"},
		{"what was deployed", "deploy(blue, green)\napply()", "apply repl: 2 scores, 8 objects, titles [], partial false\n"},
		{"deployed under a name", "deploy(blue, name = \"d\")\nstatus()", "status d: 1 scores, 0 objects, titles [], partial false\n"},
		{"deployed again", "deploy(blue)\nblue = blue.replace(labels = {\"a\": \"b\"})\ndeploy(blue)\nplan()", "plan repl: 1 scores, 4 objects, titles [], partial false\n"},
		{
			"in order, after the chunk", "if True:\n    plan(blue)\n    render(blue)\n    help(len)\n",
			"len\n\nA function of Starlark itself; https://github.com/bazelbuild/starlark/blob/master/spec.md describes it.\n" +
				"plan repl: 1 scores, 4 objects, titles [\"tenant \\\"blue\\\"\"], partial true\nrender repl: 1 scores, 4 objects, titles [\"tenant \\\"blue\\\"\"], partial true\n",
		},
		{"nothing after leaving", "exit()\nplan(blue)", ""},
		{"status of nothing", `status(name = "other")`, "status other: 0 scores, 0 objects, titles [], partial false\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, problems, err := runText(t, setup+c.text, nil)
			if err != nil {
				t.Fatalf("got %v, want no error\n%s", err, problems)
			}
			if diff := cmp.Diff(c.want, out); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestVerbProblems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing to plan", "plan()", "[nothing-deployed]\n --> <repl>:1:1:1"},
		{"no score", "plan(3)", "plan: got int, want scores [wrong-type]\n --> <repl>:1:1:1"},
		{"no score in a list", "x = [1]\nplan(x)", "plan: got int in a list, want scores [wrong-type]\n --> <repl>:2:1:1"},
		{"a name as a score", `apply("blue")`, "apply(name = …)"},
		{"name of a wrong type", "plan(name = 1)", `argument "name": got int, want string`},
		{"unknown argument", "plan(nam = 1)", `unknown argument "nam"`},
		{"a wrong score", `plan(tenant(name = "Blue!"))`, "[invalid-name]"},
		{"help for nothing", `help("discrd")`, `did you mean "discord"?`},
		{"too much help", "help(1, 2)", "help(x)"},
		{"exit with a code", "exit(1)", "write exit()"},
		{"a chunk that fails does nothing", "if True:\n    plan(tenant(name = \"blue\"))\n    fail(\"no\")\n", "[script-failed]"},
		{"unknown command", ":quti", ":help, :reset and :quit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, problems, err := runText(t, c.text, nil)
			if !errors.Is(err, ErrFailed) {
				t.Errorf("got error %v, want ErrFailed", err)
			}
			if !strings.Contains(problems, c.want) {
				t.Errorf("got\n%s\nwant it to contain %s", problems, c.want)
			}
			if out != "" {
				t.Errorf("got output %q, want none", out)
			}
		})
	}
}

func TestVerbErrorIsShownAtItsCall(t *testing.T) {
	_, problems, err := runText(t, "x = 1\nrender(tenant(name = \"blue\"))", func(o *Options) {
		o.Verbs = recorder{out: io.Discard, wait: func(context.Context) error { return errors.New("render: the paper is out") }}
	})
	if want := "error: render: the paper is out [command-failed]\n --> <repl>:2:1:1"; !errors.Is(err, ErrFailed) || !strings.Contains(problems, want) {
		t.Errorf("got %v and\n%s\nwant it to contain %s", err, problems, want)
	}
}

func TestVerbDiagnosticsWithoutPlace(t *testing.T) {
	list := diag.List{
		{Severity: diag.Error, Code: "nowhere", Summary: "cluster: got no answer"},
		{Severity: diag.Error, Code: "somewhere", Summary: "line: wrong", Position: score.Position{File: "other.star", Line: 7, Column: 1}},
	}
	_, problems, err := runText(t, "apply(tenant(name = \"blue\"))", func(o *Options) {
		o.Verbs = recorder{out: io.Discard, wait: func(context.Context) error { return fmt.Errorf("apply: %w", list) }}
	})
	for _, want := range []string{"[nowhere]\n --> <repl>:1:1:1\n", "[somewhere]\n --> other.star:7:1\n"} {
		if !strings.Contains(problems, want) {
			t.Errorf("got\n%s\nwant it to contain %q", problems, want)
		}
	}
	if !errors.Is(err, ErrFailed) || list[0].Position.IsValid() {
		t.Errorf("got %v and position %v, want ErrFailed and the verb's own list as it was", err, list[0].Position)
	}
}

func TestVerbThatHasToldItsFailure(t *testing.T) {
	out, problems, err := runText(t, "if True:\n    apply(tenant(name = \"blue\"))\n    plan(tenant(name = \"blue\"))\n1\n", func(o *Options) {
		o.Verbs = recorder{out: o.Out, wait: func(context.Context) error { return ErrReported }}
	})
	if !errors.Is(err, ErrFailed) || problems != "" {
		t.Errorf("got %v and %q, want ErrFailed and not a word", err, problems)
	}
	if strings.Contains(out, "plan") || !strings.HasSuffix(out, "\n1\n") {
		t.Errorf("got\n%s\nwant what follows in the chunk left out, and the next chunk run", out)
	}
}

func TestScript(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "web_shop.star")
	text := "load(\"lib.star\", \"name\")\nblue = tenant(name = name)\ndeploy(blue)\n"
	for file, text := range map[string]string{script: text, filepath.Join(folder, "lib.star"): `name = "blue"`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	withScript := func(o *Options) { o.Script = script }
	out, problems, err := runText(t, "blue.name\nplan()\nload(\"lib.star\", again = \"name\")\nagain\nx = 1\n:reset\nx\n", withScript)
	want := "\"blue\"\nplan web-shop: 1 scores, 4 objects, titles [], partial false\n\"blue\"\n"
	if diff := cmp.Diff(want, out); diff != "" || !errors.Is(err, ErrFailed) || !strings.Contains(problems, "undefined") {
		t.Errorf("got %v, %s; -want +got\n%s", err, problems, diff)
	}
	out, _, err = runText(t, "plan()", func(o *Options) { o.Script, o.Name = script, "named" })
	if want := "plan named: 1 scores, 4 objects, titles [], partial false\n"; err != nil || out != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if err := os.WriteFile(script, []byte("blue = tenant()\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, problems, err = runText(t, "1\n", withScript)
	if out != "" || !errors.Is(err, ErrFailed) || !strings.Contains(problems, "web_shop.star:1:8") {
		t.Errorf("got %q, %v,\n%s\nwant the problem of the script and nothing else", out, err, problems)
	}
}

func TestInterruptEndsTheChunkOnly(t *testing.T) {
	interrupts := make(chan os.Signal, 1)
	reader, writer := io.Pipe()
	var out, problems buffer
	options := testOptions(&out, &problems)
	options.In, options.Interrupts = reader, interrupts
	options.NewSession = func() *host.Session {
		return deployment.NewHost(deployment.Options{
			Limits: host.Limits{Steps: 1 << 60, Time: time.Hour},
			Print:  func(_ score.Position, text string) { _, _ = io.WriteString(&out, text) },
		}).NewSession(SessionName)
	}
	// One that comes while nothing runs is for nothing.
	interrupts <- os.Interrupt
	ended := make(chan error, 1)
	go func() { ended <- Run(t.Context(), options) }()
	say := func(text string) {
		if _, err := io.WriteString(writer, text); err != nil {
			t.Error(err)
		}
	}
	say("\"first\"\n")
	eventually(t, &out, "first")
	say("def forever():\n    print(\"it runs\")\n    for a in range(1000000):\n        for b in range(1000000):\n            pass\n\nprint(forever())\n")
	eventually(t, &out, "it runs")
	interrupts <- os.Interrupt
	eventually(t, &problems, "cancelled")
	say("\"second\"\n")
	eventually(t, &out, "second")
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrFailed) {
		t.Errorf("got %v, want ErrFailed for the chunk that was cancelled", err)
	}
}

func TestSecondInterruptAborts(t *testing.T) {
	interrupts := make(chan os.Signal)
	aborted := make(chan struct{})
	stubborn := func(ctx context.Context) error {
		interrupts <- os.Interrupt
		<-ctx.Done()
		interrupts <- os.Interrupt
		<-aborted
		return ctx.Err()
	}
	_, problems, err := runText(t, "apply(tenant(name = \"blue\"))\n", func(o *Options) {
		o.Verbs = recorder{out: io.Discard, wait: stubborn}
		o.Interrupts, o.Abort = interrupts, func() { close(aborted) }
	})
	for _, want := range []string{"once more leaves at once", "apply: cancelled before its end"} {
		if !strings.Contains(problems, want) {
			t.Errorf("got\n%s\nwant it to contain %q", problems, want)
		}
	}
	if !errors.Is(err, ErrFailed) {
		t.Errorf("got %v, want ErrFailed", err)
	}
}

func TestContextEndsRun(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	options := testOptions(io.Discard, io.Discard)
	options.In = reader
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, options) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func eventually(t *testing.T, b *buffer, want string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(b.String(), want) {
			return
		}
	}
	t.Fatalf("got %q, want it to contain %q", b.String(), want)
}

// TestRememberHidesSecrets types chunks and looks at what is in the history file.
func TestRememberHidesSecrets(t *testing.T) {
	var out, problems buffer
	options := testOptions(&out, &problems)
	options.Terminal = true
	s := newShell(options)
	var err error
	if s.history, err = openHistory(filepath.Join(t.TempDir(), "history")); err != nil {
		t.Fatal(err)
	}
	s.begin(t.Context())
	for _, text := range []string{
		"x = 1",
		`address = "https://discord.com/api/webhooks/1/hidden"`,
		`discord(name = "a", webhook_url = "https://discord.com/api/webhooks/2/direct")`,
		`discord(name = "a", webhook_url = "https://discord.com/api/webhooks/3/unfinished"`,
		`discrod(name = "a", webhook_url = "https://discord.com/api/webhooks/4/misspelt")`,
		"1 / 0",
		`discord(name = "a", webhook_url = address)`,
		`password = "hidden"`,
		`token = "hid" + "den"`,
		`hook = "https://discord.com/api/webhooks/5/hidden"`,
		`"xoxb-0123456789-hidden"`,
		`settings = {"grafana": {"adminPassword": "hidden"}}`,
		`bot_token, other = ("hidden", 1)`,
		"def f():\n    api_key = 'hidden'\n    return api_key\n",
		`struct(client_secret = "hidden")`,
		`token = secret(env = "TOKEN")`,
		`url = "https://example.com/runbook"`,
		`secret(name = "hooks", key = "token")`,
		`x`,
	} {
		s.evaluate(t.Context(), text)
	}
	kept, _, err := readHistory(s.history.path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"x = 1", "1 / 0", `token = secret(env = "TOKEN")`, `url = "https://example.com/runbook"`, `secret(name = "hooks", key = "token")`, "x",
	}, kept); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if s.history.Len() != 19 {
		t.Errorf("in memory: got %d chunks, want all 19, to correct them", s.history.Len())
	}
	for _, secret := range []string{"hidden", "direct"} {
		if strings.Contains(problems.String(), secret) {
			t.Errorf("diagnostics contain the secret %q:\n%s", secret, problems.String())
		}
	}
}
