// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// stored returns the parent Secret that Save would send.
func stored(t *testing.T, i *Inventory) *corev1.Secret {
	t.Helper()
	packed := encoded(t, i)
	history, err := i.past.encode(MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	parent := i.parent(packed)
	if history != nil {
		parent.Data[historyKey] = history
	}
	return parent
}

// again returns what is read from where i would be stored.
func again(t *testing.T, i *Inventory) *Inventory {
	t.Helper()
	back := &Inventory{Deployment: i.Deployment, Namespace: i.Namespace}
	if err := back.read(stored(t, i)); err != nil {
		t.Fatal(err)
	}
	return back
}

func newInventory(t *testing.T) *Inventory {
	t.Helper()
	i := &Inventory{Deployment: "d", Namespace: "n"}
	if err := i.makeKey(); err != nil {
		t.Fatal(err)
	}
	return i
}

func runs(t *testing.T, i *Inventory) []Run {
	t.Helper()
	list, err := i.Runs()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestHistoryKeepsTheLastRuns(t *testing.T) {
	i := newInventory(t)
	for n := range MaxRuns + 5 {
		run := &Run{Verb: VerbApply, Started: time.Unix(int64(n), 0).UTC(), User: fmt.Sprintf("user-%d", n)}
		if err := i.Begin(run); err != nil {
			t.Fatal(err)
		}
		if n != 22 {
			// One of them is killed.
			run.State, run.Changes = "done", []RunChange{{Status: "created", ID: member(n).ID, Position: member(n).Position}}
		}
		i = again(t, i)
	}
	list := runs(t, i)
	if len(list) != MaxRuns || list[0].Number != MaxRuns+5 || list[MaxRuns-1].Number != 6 {
		t.Fatalf("got %d runs from %d to %d", len(list), list[0].Number, list[len(list)-1].Number)
	}
	for n, r := range list {
		index := MaxRuns + 4 - n
		state := "done"
		if index == 22 {
			state = ""
		}
		if r.Number != index+1 || r.User != fmt.Sprintf("user-%d", index) || r.State != state || state != "" && r.Changes[0].ID != member(index).ID {
			t.Errorf("got run %+v at %d", r, n)
		}
	}
	if before := stored(t, i); !reflect.DeepEqual(before.Data, stored(t, again(t, i)).Data) {
		t.Error("what was read is stored as other bytes")
	}
}

// TestHistoryOfOldRecords reads what was written before there was a history.
func TestHistoryOfOldRecords(t *testing.T) {
	i := newInventory(t)
	parent := i.parent(pack(t, `{"version":1,"run":{"started":"2026-01-01T00:00:00Z","finished":"2026-01-01T00:00:05Z","state":"done","by":"process 7 on here"}}`))
	back := &Inventory{Deployment: "d", Namespace: "n"}
	if err := back.read(parent); err != nil {
		t.Fatal(err)
	}
	if err := back.Begin(&Run{Verb: VerbApply}); err != nil {
		t.Fatal(err)
	}
	list := runs(t, again(t, back))
	if len(list) != 2 || list[0].Number != 1 || list[1].Number != 0 || list[1].By != "process 7 on here" || list[1].State != "done" {
		t.Fatalf("got %+v", list)
	}
}

// TestHistoryKeepsWhatIsNewer loses nothing that a later harmonyscript wrote: fields of runs, data of the parent, a history of another version.
func TestHistoryKeepsWhatIsNewer(t *testing.T) {
	i := newInventory(t)
	parent := i.parent(pack(t, `{"version":1,"run":{"number":4,"started":"2026-01-01T00:00:00Z","state":"done","weather":"rain"}}`))
	parent.Data["almanac"] = []byte("later")
	back := &Inventory{Deployment: "d", Namespace: "n"}
	if err := back.read(parent); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := back.Begin(&Run{Verb: VerbApply, State: "done"}); err != nil {
			t.Fatal(err)
		}
		back = again(t, back)
	}
	after := stored(t, back)
	content, err := unzip(after.Data[historyKey], maxHistoryContent)
	if err != nil || !strings.Contains(string(content), `"weather":"rain"`) || string(after.Data["almanac"]) != "later" {
		t.Errorf("got %s and %v (%v)", content, after.Data["almanac"], err)
	}

	later := pack(t, `{"version":7,"runs":[{"started":"2026-01-01T00:00:00Z"}]}`)
	after.Data[historyKey] = later
	if err := back.read(after); err != nil {
		t.Fatal(err)
	}
	if _, err := back.Runs(); !errors.Is(err, errNewer) {
		t.Errorf("got %v, want that it is newer", err)
	}
	if err := back.Begin(&Run{Verb: VerbApply}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored(t, back).Data[historyKey], later) {
		t.Error("a history of a later version was overwritten")
	}
}

// TestHistoryThatIsDamaged stands in nobody's way and is told; the next run begins it anew.
func TestHistoryThatIsDamaged(t *testing.T) {
	for _, content := range [][]byte{[]byte("junk"), pack(t, "{"), pack(t, `{"version":1,"runs":["x"]}`), pack(t, `{}`)} {
		i := newInventory(t)
		if err := i.Begin(&Run{State: "done"}); err != nil {
			t.Fatal(err)
		}
		parent := stored(t, i)
		parent.Data[historyKey] = content
		if err := i.read(parent); err != nil {
			t.Fatal(err)
		}
		var problem *HistoryError
		if list, err := i.Runs(); !errors.As(err, &problem) || len(list) != 1 {
			t.Errorf("got %v, %v", list, err)
		}
		if err := i.Begin(&Run{State: "done"}); err != nil {
			t.Fatal(err)
		}
		if list := runs(t, again(t, i)); len(list) != 2 || list[0].Number != 2 {
			t.Errorf("got %+v", list)
		}
	}
}

// TestHistoryYields keeps itself small, and gives way to the record.
func TestHistoryYields(t *testing.T) {
	i := newInventory(t)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range MaxRuns {
		run := &Run{Verb: VerbApply, State: "done"}
		for range MaxRunChanges {
			// Nothing of it packs well.
			run.Changes = append(run.Changes, RunChange{Status: "created", ID: member(random.IntN(1e9)).ID, Reason: fmt.Sprintf("%x%x%x", random.Uint64(), random.Uint64(), random.Uint64())})
		}
		if err := i.Begin(run); err != nil {
			t.Fatal(n, err)
		}
	}
	for _, room := range []int{MaxSize, maxHistory / 2, 100, 0, -5} {
		packed, err := i.past.encode(room)
		if err != nil || len(packed) > max(0, min(room, maxHistory)) {
			t.Errorf("got %d bytes for %d (%v)", len(packed), room, err)
		}
		if room >= maxHistory/2 {
			var back past
			back.decode(packed)
			if back.problem != nil || len(back.runs) == 0 || !reflect.DeepEqual(back.runs, i.past.runs[:len(back.runs)]) {
				t.Errorf("got %d runs, want the newest of %d (%v)", len(back.runs), len(i.past.runs), back.problem)
			}
		}
	}
}

// TestHistoryOfAFight keeps what people did although a watch corrects again and again.
func TestHistoryOfAFight(t *testing.T) {
	i := newInventory(t)
	for n := range 100 {
		run := &Run{Verb: VerbWatch}
		if n < 8 {
			run.Verb = VerbApply
		}
		if err := i.Begin(run); err != nil {
			t.Fatal(err)
		}
	}
	var verbs []string
	for _, r := range runs(t, i) {
		verbs = append(verbs, r.Verb)
	}
	applies := len(slices.DeleteFunc(slices.Clone(verbs), func(v string) bool { return v != VerbApply }))
	if len(verbs) != MaxRuns || applies != 8 {
		t.Errorf("got %v, want all 8 applies among %d", verbs, MaxRuns)
	}
}

// TestHistoryFoldsCorrections makes one run of corrections that come to the same, and of nothing else.
func TestHistoryFoldsCorrections(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0).UTC() }
	correction := func(n int, change func(*Run)) *Run {
		r := &Run{
			Verb: VerbWatch, Started: at(n), State: "failed", By: "process 7", User: "me", Version: "1", ScriptHash: "sha256:1",
			Changes: []RunChange{{Status: "failed", ID: member(1).ID, Reason: fmt.Sprintf("refused after %d ms", n)}},
		}
		if change != nil {
			change(r)
		}
		return r
	}
	for name, c := range map[string]struct {
		change func(*Run)
		folds  bool
	}{
		"the same":         {nil, true},
		"done both times":  {func(r *Run) { r.State = "done" }, false}, // the one before failed
		"another object":   {func(r *Run) { r.Changes[0].ID = member(2).ID }, false},
		"one more":         {func(r *Run) { r.Changes = append(r.Changes, RunChange{Status: "updated", ID: member(2).ID}) }, false},
		"more than listed": {func(r *Run) { r.MoreChanges = 1 }, false},
		"nothing":          {func(r *Run) { r.Changes = nil }, false},
		"an apply":         {func(r *Run) { r.Verb = VerbApply }, false},
		"another script":   {func(r *Run) { r.ScriptHash = "sha256:2" }, false},
		"another process":  {func(r *Run) { r.By = "process 8" }, false},
		"another user":     {func(r *Run) { r.User = "you" }, false},
		"killed":           {func(r *Run) { r.State = "" }, false},
	} {
		i := newInventory(t)
		for n := range 4 {
			var change func(*Run)
			if n == 3 {
				change = c.change
			}
			if n == 0 {
				change = func(r *Run) { r.Verb = VerbApply }
			}
			// The run is stored when it begins, without its end.
			ended := correction(n, change)
			begun := *ended
			begun.State, begun.Changes = "", nil
			if err := i.Begin(&begun); err != nil {
				t.Fatal(err)
			}
			i = again(t, i)
			ended.Number = i.Run.Number
			i.Run = ended
			i.Fold()
			i = again(t, i)
		}
		list := runs(t, i)
		if !c.folds {
			if len(list) != 3 || list[0].Times != 0 || !list[0].First.IsZero() || list[1].Times != 2 {
				t.Errorf("%s: got %+v, want it apart", name, list)
			}
			continue
		}
		last := list[0]
		if len(list) != 2 || last.Times != 3 || last.Number != 4 || last.FirstNumber() != 2 || last.First != at(1) || last.Started != at(3) || last.Changes[0].Reason != "refused after 3 ms" {
			t.Errorf("%s: got %+v, want one run for three", name, list)
		}
	}
}

// TestHistoryOfAFailureThatStays has room for what people did, however often a correction fails. One place is for the run
// that goes on.
func TestHistoryOfAFailureThatStays(t *testing.T) {
	i := newInventory(t)
	for n := range 500 {
		run := &Run{Verb: VerbWatch, State: "failed", Changes: []RunChange{{Status: "failed", ID: member(1).ID}}}
		if n < MaxRuns-2 {
			run.Verb = VerbApply
		}
		if err := i.Begin(run); err != nil {
			t.Fatal(err)
		}
		i.Fold()
		i = again(t, i)
	}
	list := runs(t, i)
	if len(list) != MaxRuns-1 || list[0].Number != 500 || list[0].Times != 500-MaxRuns+2 || list[1].Verb != VerbApply || list[MaxRuns-2].Number != 1 {
		t.Errorf("got %d runs, the last %+v", len(list), list[0])
	}
}

func TestParameterHashes(t *testing.T) {
	i, other := newInventory(t), newInventory(t)
	set := map[string]string{"replicas": "3", "token": "hunter2"}
	hashes := i.ParameterHashes(set)
	if len(hashes) != 2 || hashes[0].Name != "replicas" || hashes[1].Name != "token" {
		t.Fatalf("got %+v", hashes)
	}
	if !slices.Equal(hashes, i.ParameterHashes(set)) || slices.Equal(hashes, other.ParameterHashes(set)) {
		t.Error("a hash depends on the value and on the deployment's key")
	}
	encoded, _ := json.Marshal(hashes)
	if strings.Contains(string(encoded), "hunter2") {
		t.Error("a value is shown")
	}
	a, b := &Run{ScriptHash: "x", Parameters: hashes}, &Run{ScriptHash: "x", Parameters: i.ParameterHashes(map[string]string{"replicas": "4", "token": "hunter2"})}
	if a.SameCause(b) || !a.SameCause(&Run{ScriptHash: "x", Parameters: hashes}) || a.SameCause(&Run{ScriptHash: "y", Parameters: hashes}) {
		t.Error("the cause of a run is its script and its parameters")
	}
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"version":1,"runs":[{"number":1,"started":"2026-01-01T00:00:00Z","changes":[{"status":"created"}]}]}`), true)
	f.Add([]byte(`{"version":2}`), true)
	f.Add([]byte("junk"), false)
	f.Fuzz(func(t *testing.T, content []byte, packed bool) {
		if packed {
			content = pack(t, string(content))
		}
		var p past
		p.decode(content)
		encoded, err := p.encode(MaxSize)
		if err != nil {
			t.Fatal(err)
		}
		var back past
		back.decode(encoded)
		if (p.problem == nil) != (back.problem == nil) || p.problem == nil && len(back.runs) > len(p.runs) {
			t.Fatalf("what was read cannot be read again: %v, %v", p.problem, back.problem)
		}
	})
}
