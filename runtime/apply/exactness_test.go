// SPDX-License-Identifier: Apache-2.0

// This file compares what the plan says of objects with what the API server says: random objects, random edits by others,
// and a server dry-run for each.

package apply_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

const (
	// seedVariable repeats a run; without it every run is another.
	seedVariable = "HARMONYSCRIPT_TEST_SEED"
	// roundsVariable is how often all objects are edited and compared.
	roundsVariable = "HARMONYSCRIPT_TEST_EXACT_ROUNDS"
	// exactRounds and exactCopies give some hundred cases: copies of each kind, in each round.
	exactRounds, exactCopies = 4, 5
)

// exactness is one run of the comparison.
type exactness struct {
	*world
	seed      uint64
	namespace string
	anchor    map[string]any
	http      *http.Client
	kinds     map[inventory.Key]exactKind

	mutex                                            sync.Mutex
	cases, unchanged, changed, needless, edits, took int
	byEdit                                           map[string]int
	histories                                        map[inventory.Key][]string
}

// TestUnchangedIsExact edits objects at random as others do, and has the API server judge, by a dry run of the same apply,
// whether an object is as it should be. What the plan calls unchanged must be; what it needlessly calls changed must not be
// written. A run that fails tells the seed that repeats it, as far as controllers let it.
func TestUnchangedIsExact(t *testing.T) {
	t.Parallel()
	seed, rounds := uint64(time.Now().UnixNano()), exactRounds
	if text := os.Getenv(seedVariable); text != "" {
		seed = must(strconv.ParseUint(text, 10, 64))
	}
	if text := os.Getenv(roundsVariable); text != "" {
		rounds = must(strconv.Atoi(text))
	}
	t.Logf("%s=%d %s=%d", seedVariable, seed, roundsVariable, rounds)
	x := &exactness{world: newWorld(t), seed: seed, kinds: map[inventory.Key]exactKind{}, byEdit: map[string]int{}, histories: map[inventory.Key][]string{}}
	x.secrets = map[string]string{}
	config := x.client.RESTConfig()
	config.UserAgent = "foreign"
	x.http = must(rest.HTTPClientFor(config))
	x.namespace = x.world.namespace(1, "exact")
	mustBe(t, x.run(quickly), apply.Done, map[apply.Status]int{apply.Created: 1})
	x.anchor = foreign(t, x.client, http.MethodPost, "/api/v1/namespaces/"+x.namespace+"/configmaps", object("v1", "ConfigMap", x.namespace, "anchor", nil))
	x.script(0)
	x.converge(0)
	for round := 1; round <= rounds; round++ {
		x.script(round)
		x.editAll(round)
		x.compare(round)
		x.converge(round)
		if t.Failed() {
			break
		}
	}
	t.Logf("%d cases with %d edits: %d unchanged, %d changed, %d changed by the hashes alone and not written", x.cases, x.took, x.unchanged, x.changed, x.needless)
	for _, name := range slices.Sorted(maps.Keys(x.byEdit)) {
		t.Logf("%5d %s", x.byEdit[name], name)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// script makes the objects that are to exist; in later rounds it changes every eighth.
func (x *exactness) script(round int) {
	x.t.Helper()
	random := rand.New(rand.NewPCG(x.seed, uint64(round)))
	line := 10
	for _, kind := range exactKinds {
		for n := range exactCopies {
			name := fmt.Sprintf("o%d", n)
			line++
			key := inventory.KeyOf(idOf(kind.apiVersion, kind.kind, x.namespace, name))
			x.kinds[key] = kind
			if round > 0 {
				// A role of another name would be another binding.
				if random.IntN(8) != 0 {
					continue
				}
				x.drop(kind.kind, name)
			}
			x.addRandom(random, line, x.namespace, kind, name)
		}
	}
}

// editAll has others edit three of five objects.
func (x *exactness) editAll(round int) {
	x.t.Helper()
	w := must(plan.Prepare(context.Background(), x.planRequest(), x.inventory()))
	var group sync.WaitGroup
	slots := make(chan bool, 8)
	for n, i := range w.Items {
		if i.Object.ID.Kind == "Namespace" {
			continue
		}
		random := rand.New(rand.NewPCG(x.seed, uint64(round)<<32|uint64(n)))
		count := pick(random, 0, 0, 1, 1, 1+random.IntN(3))
		sent := &unstructured.Unstructured{}
		if err := sent.UnmarshalJSON(must(w.Body(i))); err != nil {
			x.t.Fatal(err)
		}
		e := x.editor(i.Object.ID)
		e.random, e.anchor, e.sent = random, x.anchor, clone(sent.Object)
		group.Go(func() {
			slots <- true
			defer func() { <-slots }()
			e.run(count)
			x.mutex.Lock()
			defer x.mutex.Unlock()
			x.edits += len(e.log)
			for _, done := range e.log {
				x.byEdit[done]++
				if done[len(done)-3:] == "200" || done[len(done)-3:] == "201" {
					x.took++
				}
			}
			x.histories[i.Key()] = e.log
		})
	}
	group.Wait()
}

// editor returns somebody else at an object.
func (x *exactness) editor(id backend.ID) *editor {
	kind := must(x.client.Resource(context.Background(), cluster.KindOf(id)))
	base := "/apis/" + id.APIVersion()
	if id.Group == "" {
		base = "/api/v1"
	}
	list := fmt.Sprintf("%s%s/namespaces/%s/%s", x.client.Host(), base, id.Namespace, kind.Plural)
	return &editor{http: x.http, list: list, object: list + "/" + id.Name}
}

// truth is what the API server says of an item.
type truth struct {
	same bool
	why  string
	live *unstructured.Unstructured
}

// ask asks the API server, by a dry run, whether an apply of the item would change anything.
func (x *exactness) ask(w *plan.Work, i *plan.Item) truth {
	ctx := context.Background()
	for {
		live, err := x.client.Get(ctx, i.Object.ID)
		if apierrors.IsNotFound(err) {
			return truth{why: "it does not exist"}
		}
		if err != nil {
			return truth{why: err.Error()}
		}
		applied, err := x.client.Apply(ctx, i.Object.ID, must(w.Body(i)), cluster.ApplyOptions{DryRun: true, Whole: true})
		if err != nil {
			return truth{why: err.Error(), live: live}
		}
		if live.GetDeletionTimestamp() != nil {
			return truth{why: "it is being deleted", live: live}
		}
		again, err := x.client.Get(ctx, i.Object.ID)
		if err == nil && again.GetResourceVersion() != live.GetResourceVersion() {
			// A controller wrote in between.
			continue
		}
		before, after := contentOf(live), contentOf(applied.Object)
		if reflect.DeepEqual(before, after) {
			return truth{same: true, live: live}
		}
		return truth{why: fmt.Sprintf("%v", plan.Diff(live.Object, applied.Object.Object)), live: live}
	}
}

// revisionAnnotation is what the controller of Deployments writes beside their status.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// contentOf returns what an apply could change of an object: all but the status, the times of those who own fields, and what
// controllers write whenever they come to it.
func contentOf(o *unstructured.Unstructured) map[string]any {
	c := o.DeepCopy()
	delete(c.Object, "status")
	managed := slices.DeleteFunc(c.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "kube-controller-manager" })
	for n := range managed {
		managed[n].Time = nil
	}
	slices.SortFunc(managed, func(a, b metav1.ManagedFieldsEntry) int { return compareText(encode(a), encode(b)) })
	c.SetManagedFields(nil)
	c.SetResourceVersion("")
	c.SetGeneration(0)
	if annotations := c.GetAnnotations(); annotations[revisionAnnotation] != "" {
		delete(annotations, revisionAnnotation)
		c.SetAnnotations(annotations)
	}
	if len(c.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(c.Object, "metadata", "annotations")
	}
	content := c.Object
	content["managed"] = encode(managed)
	return content
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compare has plan and API server judge every object.
func (x *exactness) compare(round int) {
	x.t.Helper()
	ctx := context.Background()
	w := must(plan.Prepare(ctx, x.planRequest(), x.inventory()))
	steps := map[inventory.Key]plan.Step{}
	for _, s := range must(w.Plan(ctx)).Steps {
		steps[inventory.KeyOf(s.ID)] = s
	}
	needless := map[inventory.Key]truth{}
	var group sync.WaitGroup
	slots := make(chan bool, 8)
	for _, i := range w.Items {
		group.Go(func() {
			slots <- true
			defer func() { <-slots }()
			said := x.ask(w, i)
			x.mutex.Lock()
			defer x.mutex.Unlock()
			x.cases++
			history := x.histories[i.Key()]
			step := steps[i.Key()]
			switch {
			case i.Action == plan.Unchanged && !said.same:
				x.t.Errorf("round %d: %s is called unchanged after %q; the API server says: %s\nlive: %s\nsent: %s", round, i.Object.ID, history, said.why, encode(said.live), must(w.Body(i)))
			case i.Action == plan.Unchanged:
				x.unchanged++
			case said.same:
				needless[i.Key()] = said
				x.needless++
			default:
				x.changed++
			}
			if step.Action == plan.Unchanged && !said.same {
				x.t.Errorf("round %d: the plan calls %s unchanged after %q; the API server says: %s", round, i.Object.ID, history, said.why)
			}
			if step.Action != plan.Unchanged && said.same {
				x.t.Errorf("round %d: the plan says %s of %s after %q (%s); the API server would change nothing", round, step.Action, i.Object.ID, history, step.Reason)
			}
		})
	}
	group.Wait()
	if x.t.Failed() || len(needless) == 0 {
		return
	}
	o := x.run(quickly)
	for _, result := range o.Results {
		said, ok := needless[inventory.KeyOf(result.ID)]
		if !ok || result.Status == apply.Unchanged {
			continue
		}
		if live := x.get(result.ID.APIVersion(), result.ID.Kind, result.ID.Namespace, result.ID.Name); !reflect.DeepEqual(contentOf(live), contentOf(said.live)) {
			x.t.Errorf("round %d: %s was as it should be after %q, and was written: %s", round, result.ID, x.histories[inventory.KeyOf(result.ID)], result.Status)
		}
	}
}

// converge applies until all is as it should be; nothing may be left to do then.
func (x *exactness) converge(round int) {
	x.t.Helper()
	ctx := context.Background()
	// What fails keeps others from being tried, which may fail in turn.
	for try := 0; try < 5 && x.repair(round); try++ {
	}
	w := must(plan.Prepare(ctx, x.planRequest(), x.inventory()))
	for _, i := range w.Items {
		if i.Action != plan.Unchanged {
			if said := x.ask(w, i); !said.same {
				x.t.Errorf("round %d: %s is %s right after an apply (%s): %s", round, i.Object.ID, i.Action, i.Reason, said.why)
			} else {
				x.t.Errorf("round %d: %s is %s right after an apply (%s), and as it should be", round, i.Object.ID, i.Action, i.Reason)
			}
		}
	}
}

// repair applies once, removes what no apply can change any more, and reports whether another apply is needed.
func (x *exactness) repair(round int) bool {
	x.t.Helper()
	o := x.run(quickly, func(r *apply.Request) { r.TakeOwnership.All = true })
	for _, result := range o.Results {
		if result.Status != apply.ObjectFailed {
			continue
		}
		if code := result.Diagnostic.Code; code != "field-immutable" && code != "object-invalid" && code != "object-of-other-deployment" {
			x.t.Errorf("round %d: apply of %s: %s", round, result.ID, result.Diagnostic)
		}
		// Others made it so that no apply can change it: it begins anew.
		e := x.editor(result.ID)
		e.remove()
	}
	return o.State != apply.Done
}
