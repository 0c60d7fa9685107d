// SPDX-License-Identifier: Apache-2.0

// This file measures apply against a bare loop that sends the same patches.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// workers is how many patches the bare loop sends at a time.
const workers = 32

// applyObjects compares apply, without waiting for readiness, with a bare client-go loop that sends the same
// patches. Both write to namespaces of their own in one sandbox.
func applyObjects(ctx context.Context, s settings) ([]row, error) {
	config, stop, err := startSandbox(ctx, s)
	if err != nil {
		return nil, err
	}
	defer stop()
	client, err := cluster.NewClient(config, cluster.Options{})
	if err != nil {
		return nil, err
	}
	// The first requests of a fresh API server are slow for everybody; neither side shall pay for them.
	for _, warmUp := range []string{"warm-a", "warm-b"} {
		objects, err := compile(ctx, warmUp, 3)
		if err != nil {
			return nil, err
		}
		if warmUp == "warm-a" {
			_, err = timeBare(ctx, config, objects)
		} else {
			_, err = timeApply(ctx, client, warmUp, objects)
		}
		if err != nil {
			return nil, err
		}
	}
	bareObjects, err := compile(ctx, "bare", s.applyTenants)
	if err != nil {
		return nil, err
	}
	bare, err := timeBare(ctx, config, bareObjects)
	if err != nil {
		return nil, err
	}
	objects, err := compile(ctx, "ours", s.applyTenants)
	if err != nil {
		return nil, err
	}
	first, err := timeApply(ctx, client, "bench", objects)
	if err != nil {
		return nil, err
	}
	again, err := timeApply(ctx, client, "bench", objects)
	if err != nil {
		return nil, err
	}
	note := fmt.Sprintf("%d objects", len(objects))
	return []row{
		{name: fmt.Sprintf("apply %d tenants", s.applyTenants), ours: first, theirs: bare, peer: "bare client-go, 32 workers", aim: 1.3, note: note},
		{name: "apply again, no change", ours: again, theirs: first, peer: "our first apply", aim: 0.3, note: note},
	}, nil
}

// startSandbox starts a sandbox of its own and returns how to reach it and how to end it.
func startSandbox(ctx context.Context, s settings) (*rest.Config, func(), error) {
	state, err := os.MkdirTemp("", "harmonyscript-bench-sandbox-")
	if err != nil {
		return nil, nil, err
	}
	program := filepath.Join(filepath.Dir(s.program), "harmonyscript-sandbox")
	up := exec.CommandContext(ctx, program, "up", "--state", state, "--lifetime", "1h", "--output", "json")
	output, err := up.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("sandbox up: %w", err)
	}
	stop := func() {
		// The context may have ended; the sandbox must go all the same.
		if err := exec.Command(program, "down", "--state", state).Run(); err != nil {
			fmt.Fprintln(os.Stderr, "sandbox down:", err)
		}
		_ = os.RemoveAll(state)
	}
	var info struct {
		Kubeconfig string `json:"kubeconfig"`
	}
	if err := json.Unmarshal(output, &info); err != nil {
		stop()
		return nil, nil, fmt.Errorf("sandbox up: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", info.Kubeconfig)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return config, stop, nil
}

func compile(ctx context.Context, prefix string, count int) ([]backend.Object, error) {
	loaded := deployment.NewHost(deployment.Options{})
	result, problems := loaded.RunSource(ctx, "bench.star", tenantsScript(prefix, count))
	finished, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		return nil, err
	}
	if finished.Diagnostics.HasErrors() {
		return nil, finished.Diagnostics
	}
	return finished.Objects, nil
}

func resolve(context.Context, score.Secret) (string, error) {
	return "http://127.0.0.1:9/hook", nil
}

func timeApply(ctx context.Context, client *cluster.Client, name string, objects []backend.Object) (time.Duration, error) {
	start := time.Now()
	outcome, err := apply.Run(ctx, apply.Request{
		Client: client, Deployment: name, Objects: objects, ResolveSecret: resolve, NoWait: true, Parallel: workers,
	})
	if err != nil {
		return 0, err
	}
	if outcome.State != apply.Done {
		return 0, fmt.Errorf("apply: got %s, want done: %w", outcome.State, outcome.Diagnostics)
	}
	return time.Since(start), nil
}

// timeBare sends every object as a server-side patch and does nothing else: the limit that the API server sets.
func timeBare(ctx context.Context, config *rest.Config, objects []backend.Object) (time.Duration, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clientset.Discovery()))
	for stage := backend.StageCRDs; stage <= backend.StageResources; stage++ {
		var group errgroup.Group
		group.SetLimit(workers)
		for _, o := range objects {
			if o.Stage != stage {
				continue
			}
			group.Go(func() error { return patch(ctx, client, mapper, o) })
		}
		if err := group.Wait(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func patch(ctx context.Context, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, o backend.Object) error {
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: o.ID.Group, Kind: o.ID.Kind}, o.ID.Version)
	if err != nil {
		return err
	}
	manifest := o.Manifest
	if len(o.Secrets) > 0 {
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(manifest); err != nil {
			return err
		}
		data := map[string]string{}
		for key, secret := range o.Secrets {
			if data[key], err = resolve(ctx, secret); err != nil {
				return err
			}
		}
		if err := unstructured.SetNestedStringMap(object.Object, data, "stringData"); err != nil {
			return err
		}
		if manifest, err = object.MarshalJSON(); err != nil {
			return err
		}
	}
	resource := client.Resource(mapping.Resource)
	options := metav1.PatchOptions{FieldManager: "bench"}
	if o.ID.Namespace != "" {
		_, err = resource.Namespace(o.ID.Namespace).Patch(ctx, o.ID.Name, types.ApplyPatchType, manifest, options)
	} else {
		_, err = resource.Patch(ctx, o.ID.Name, types.ApplyPatchType, manifest, options)
	}
	return err
}
