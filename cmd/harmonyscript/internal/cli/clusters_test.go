// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// fleetFactory is a factory whose kubeconfig, written to a file, has the named contexts, each a cluster of its own.
func fleetFactory(t *testing.T, names ...string) (f *factory, out, complaints *bytes.Buffer) {
	t.Helper()
	config := "apiVersion: v1\nkind: Config\nusers: [{name: me, user: {token: x}}]\nclusters:\n"
	for n, name := range names {
		config += fmt.Sprintf("- {name: %s, cluster: {server: \"https://127.0.0.1:%d\"}}\n", name, n+1)
	}
	config += "contexts:\n"
	for _, name := range names {
		config += fmt.Sprintf("- {name: %s, context: {cluster: %s, user: me}}\n", name, name)
	}
	path := t.TempDir() + "/config"
	if err := writeFile(path, []byte(config)); err != nil {
		t.Fatal(err)
	}
	out, complaints = &bytes.Buffer{}, &bytes.Buffer{}
	f = &factory{streams: Streams{Out: out, Err: complaints, Environment: func(string) (string, bool) { return "", false }}}
	f.flags.kubeconfig, f.flags.contexts, f.flags.output = path, names, "text"
	return f, out, complaints
}

func TestEachCluster(t *testing.T) {
	t.Parallel()
	names := []string{"a", "bb", "c", "d", "e", "f"}
	f, out, complaints := fleetFactory(t, names...)
	var running, most atomic.Int32
	release := make(chan struct{})
	err := f.eachCluster(context.Background(), clusterWork{run: func(_ context.Context, f *factory) error {
		if now := running.Add(1); now == clustersAtOnce {
			// As many as may run at once do: the first of them would wait for ever if they were fewer.
			most.Store(now)
			close(release)
		}
		<-release
		fmt.Fprintf(f.streams.Out, "works on %s\nand ", f.flags.context)
		fmt.Fprintf(f.streams.Out, "ends\n")
		switch f.flags.context {
		case "bb":
			return errors.New("it went wrong\nbadly")
		case "c":
			return exitWith(exitNotReady)
		case "d":
			panic("a mistake")
		}
		return nil
	}})
	if exitCode(err) != exitFailed || most.Load() != clustersAtOnce {
		t.Errorf("got %v with %d at once, want exit code 1 and %d", err, most.Load(), clustersAtOnce)
	}
	for _, want := range []string{"a  | works on a\na  | and ends\n", "bb | works on bb\n", "6 clusters: 3 done, 2 failed (bb: it went wrong badly; d), 1 not ready (c)\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want %q", out, want)
		}
	}
	if !strings.Contains(complaints.String(), "bb | error: it went wrong\nbb | badly\n") || !strings.Contains(complaints.String(), "d  | error: this is a bug") {
		t.Errorf("got %s", complaints)
	}
}

func TestEachClusterInBlocks(t *testing.T) {
	t.Parallel()
	f, out, complaints := fleetFactory(t, "a", "b", "c")
	first := make(chan struct{})
	err := f.eachCluster(context.Background(), clusterWork{blocks: true, done: "fine", run: func(_ context.Context, f *factory) error {
		if f.flags.context == "a" {
			// It ends last and is printed first all the same.
			<-first
		}
		if f.flags.context == "c" {
			defer close(first)
		}
		fmt.Fprintf(f.streams.Out, "this is %s\n", f.flags.context)
		fmt.Fprintf(f.streams.Err, "not so well\nin %s", f.flags.context)
		f.note("", "")
		return nil
	}})
	if err != nil {
		t.Error(err)
	}
	if want := "cluster a\nthis is a\n\ncluster b\nthis is b\n\ncluster c\nthis is c\n\n3 clusters: 3 fine\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
	// Where the two streams go different ways, the other one names the clusters, too.
	if want := "a | not so well\na | in a\nb | not so well\nb | in b\nc | not so well\nc | in c\n"; complaints.String() != want {
		t.Errorf("got %q, want %q", complaints, want)
	}
}

func TestClustersThatHaveNotBegunAreInterrupted(t *testing.T) {
	t.Parallel()
	f, out, _ := fleetFactory(t, "a", "b")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := f.eachCluster(ctx, clusterWork{run: func(context.Context, *factory) error {
		t.Error("it began")
		return nil
	}})
	if exitCode(err) != exitInterrupted || out.String() != "2 clusters: 2 interrupted (a: not begun; b: not begun)\n" {
		t.Errorf("got %v, %q", err, out)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		listed, contexts []string
		sandbox          bool
		want             []string
		fails            string
	}{
		"nothing":        {want: []string{""}},
		"flag":           {contexts: []string{"a", "b"}, want: []string{"a", "b"}},
		"script":         {listed: []string{"a", "b"}, want: []string{"a", "b"}},
		"some of them":   {listed: []string{"a", "b", "c"}, contexts: []string{"c", "a"}, want: []string{"c", "a"}},
		"another":        {listed: []string{"eu-1", "us-1"}, contexts: []string{"eu1"}, fails: `--context: got "eu1", want one of the script's clusters: eu-1, us-1; did you mean --context eu-1?`},
		"the sandbox of": {listed: []string{"a", "b"}, sandbox: true, want: []string{""}},
	} {
		f := &factory{listed: c.listed}
		f.flags.contexts, f.flags.sandbox = c.contexts, c.sandbox
		got, err := f.targets()
		if c.fails != "" {
			if err == nil || err.Error() != c.fails || exitCode(err) != exitWrong {
				t.Errorf("%s: got %v, want %s", name, err, c.fails)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, c.want)
		}
	}
	f := &factory{listed: []string{"a", "b"}}
	if _, err := f.target(); err == nil || err.Error() != "cluster: got 2, want one: choose it with --context (a, b)" {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreReadOnce(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	resolve := onceEach(func(_ context.Context, s score.Secret) (string, error) {
		if s.Name == "MISSING" {
			return "", errors.New("there is none")
		}
		return fmt.Sprintf("%s %d", s.Name, reads.Add(1)), nil
	})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			value, err := resolve(context.Background(), score.Secret{Source: score.SecretFromEnvironment, Name: "A"})
			if value != "A 1" || err != nil {
				t.Errorf("got %q, %v", value, err)
			}
			if _, err := resolve(context.Background(), score.Secret{Source: score.SecretFromEnvironment, Name: "MISSING"}); err == nil {
				t.Error("got no error")
			}
		})
	}
	group.Wait()
}

func TestJSONNamesTheCluster(t *testing.T) {
	t.Parallel()
	f, out, _ := fleetFactory(t, "a")
	for _, c := range []struct {
		context string
		value   any
		want    string
	}{
		{"", map[string]int{"x": 1}, `{"x":1}`},
		{"eu \"1\"", map[string]int{"x": 1}, `{"x":1,"context":"eu \"1\""}`},
		{"a", map[string]int{}, `{"context":"a"}`},
		{"a", []int{1}, `[1]`},
		{"a", map[string]any{"y": map[string]int{}}, `{"y":{},"context":"a"}`},
	} {
		out.Reset()
		f.flags.context = c.context
		if err := f.printJSON(c.value); err != nil || out.String() != c.want+"\n" {
			t.Errorf("got %q, %v, want %s", out, err, c.want)
		}
	}
}
