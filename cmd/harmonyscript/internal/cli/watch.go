// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds `apply --watch`: a run that goes on correcting what others change.

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// watchHelp is what the help of apply says of --watch.
const watchHelp = `
With --watch it does not end there: it follows what it deployed and corrects at once what others change, delete or take
over, a line for each. Fields that were ours are taken back; others are left alone. Whoever changes the same again and
again is named, and corrected less and less often, up to every 5 minutes. When the script's files change, the new
script is taken up; a wrong one is told, and the last good one stays in force. It ends when somebody else applies another
script or destroys the deployment, and with Ctrl-C: with 0 when everything was right, with 130 when that cut a run short.`

func addWatchFlags(c *cobra.Command, options *applyOptions) {
	c.Flags().BoolVar(&options.watch, "watch", false, "keep correcting what others change, until Ctrl-C; takes up changes of the script's files")
	c.Flags().DurationVar(&options.resync, "resync", 5*time.Minute, "with --watch, how often everything is compared although nothing was seen to change")
	before := c.PreRunE
	c.PreRunE = func(c *cobra.Command, arguments []string) error {
		if c.Flags().Changed("resync") && (!options.watch || options.resync <= 0) {
			return wrongCall("%s: got --resync %s, want a time, together with --watch", c.CommandPath(), options.resync)
		}
		if before == nil {
			return nil
		}
		return before(c, arguments)
	}
}

// runWatch applies the script and goes on.
func runWatch(ctx context.Context, f *factory, options applyOptions, path string) error {
	script, err := f.loadAndSay(ctx, path)
	if err != nil {
		return err
	}
	targets, err := f.targets()
	if err != nil {
		return err
	}
	if len(targets) > 1 {
		return wrongCall("harmonyscript apply: got --watch and %s, want one: start a watch for each, with --context %s",
			plural(len(targets), "cluster"), strings.Join(targets, " or --context "))
	}
	loaded, err := f.connectAndPrepare(ctx, script)
	if err != nil {
		return err
	}
	if f.json() && len(loaded.Diagnostics) > 0 {
		if err := f.printJSON(diagnosticsReport(loaded.Diagnostics)); err != nil {
			return err
		}
	}
	view := &watchView{f: f, first: newProgress(f, loaded.Objects), sources: loaded.Sources}
	watched := newWatchedScript(f, options, path, loaded, view)
	request := f.applyRequest(loaded, options, view)
	outcome, err := apply.Watch(ctx, request, apply.WatchOptions{Resync: options.resync, Reload: watched.reload, Outcome: view.outcome})
	view.close()
	if err != nil {
		return f.failure(ctx, err, view.sources)
	}
	if view.broken != nil {
		return view.broken
	}
	return exitFor(outcome.State)
}

// watchView shows the first run like any other, and then a line with the time for everything that happens.
type watchView struct {
	f       *factory
	first   progress
	lines   plainProgress
	sources diag.Sources
	// told are the problems that were shown last: a run that fails again as before does not show them again.
	told string
	// broken tells that nobody reads the output any more.
	broken error
}

func (v *watchView) observe(e apply.Event) {
	switch {
	case v.first != nil:
		v.first.observe(e)
	case v.f.json():
		v.broken = v.f.printJSON(e)
	default:
		if e.Type == apply.ReloadFailed && e.Diagnostic != nil {
			v.f.sayDiagnostics(diag.List{*e.Diagnostic}, v.sources)
		}
		v.lines.out = timed{v.f.streams.Out}
		v.lines.observe(e)
	}
}

// outcome reports how a run ended: the first as apply does, the others in a line.
func (v *watchView) outcome(o *apply.Outcome) {
	first := v.first != nil
	v.close()
	if v.f.json() || first {
		if err := v.f.reportOutcome(o, v.sources); err != nil {
			v.broken = err
		}
		v.told = o.Diagnostics.Render(nil, diag.Style{})
		return
	}
	if problems := o.Diagnostics.Render(nil, diag.Style{}); problems != v.told {
		v.told = problems
		v.f.sayDiagnostics(o.Diagnostics, v.sources)
	}
	verb := "corrected"
	if o.State != apply.Done && o.State != apply.NotReady {
		verb = string(o.State)
	}
	fmt.Fprintln(timed{v.f.streams.Out}, statusLine(verb, outcomeCounts(o)))
}

func (v *watchView) close() {
	if v.first != nil {
		v.first.close()
		v.first = nil
	}
}

// timed puts the time of day before every line.
type timed struct{ out io.Writer }

func (t timed) Write(line []byte) (int, error) {
	if _, err := fmt.Fprintf(t.out, "%s  %s", time.Now().Format(time.TimeOnly), line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// watchedScript loads the script again when its files have changed.
type watchedScript struct {
	f       *factory
	options applyOptions
	path    string
	current *prepared
	view    *watchView
	files   []string
	// loaded is the fingerprint of what was loaded last, good or not; seen that of the last look.
	loaded, seen string
}

func newWatchedScript(f *factory, options applyOptions, path string, current *prepared, view *watchView) *watchedScript {
	s := &watchedScript{f: f, options: options, path: path, current: current, view: view}
	s.files = ownFiles(current.Loaded)
	s.loaded = fingerprint(s.files)
	s.seen = s.loaded
	return s
}

// ownFiles are the files of a script that may change: not those of the standard library.
func ownFiles(loaded *deployment.Loaded) []string {
	files := append([]string{loaded.Entry}, loaded.Files...)
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasPrefix(name, "@") })
	slices.Sort(files)
	return slices.Compact(files)
}

// fingerprint is a hash over the content of files.
func fingerprint(files []string) string {
	h := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			// One that is missing is a change, too; loading tells.
			content = []byte(err.Error())
		}
		fmt.Fprintf(h, "%d %s %d ", len(name), name, len(content))
		h.Write(content)
	}
	return string(h.Sum(nil))
}

// reload returns what is to be applied from now on, or nil while that is the same. Files have to stay as they are from one
// look to the next before they count: half of a script may be a script that deletes.
func (s *watchedScript) reload(ctx context.Context) (*apply.Request, error) {
	now := fingerprint(s.files)
	settled := now == s.seen
	s.seen = now
	if !settled || now == s.loaded {
		return nil, nil
	}
	loaded, err := s.f.evaluate(ctx, s.path, false)
	if err != nil {
		return nil, err
	}
	if fingerprint(s.files) != now {
		// It was being written while it was read.
		return nil, nil
	}
	// What was loaded before may be loaded again: its files stay watched while the script is wrong.
	files := ownFiles(loaded)
	if loaded.Diagnostics.HasErrors() {
		files = append(files, s.files...)
		slices.Sort(files)
		files = slices.Compact(files)
	}
	s.files = files
	s.loaded = fingerprint(s.files)
	s.seen = s.loaded
	if loaded.Diagnostics.HasErrors() {
		s.view.sources = loaded.Sources
		return nil, loaded.Diagnostics
	}
	p, err := s.f.prepare(ctx, loaded, s.current.client)
	if err != nil {
		return nil, err
	}
	s.current, s.view.sources = p, p.Sources
	request := s.f.applyRequest(p, s.options, s.view)
	return &request, nil
}

// watchText returns the line for an event of a watch, or "" for one that needs none.
func watchText(e apply.Event) string {
	switch e.Type {
	case apply.Drifted:
		return statusLine("drift", e.ID.String()+": "+e.Message)
	case apply.Fighting:
		return statusLine("fight", e.ID.String()+": "+e.Message)
	case apply.Retrying:
		return statusLine("retry", e.Message)
	case apply.Reloaded:
		return statusLine("reloaded", e.Message)
	case apply.ReloadFailed:
		return statusLine("kept", "the last good script stays in force: "+e.Message)
	case apply.Watching, apply.WatchLimited:
		return statusLine("watching", e.Message)
	case apply.Disconnected, apply.Connected:
		return statusLine("cluster", e.Message)
	default:
		return ""
	}
}
