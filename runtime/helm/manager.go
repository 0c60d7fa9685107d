// SPDX-License-Identifier: Apache-2.0

// This file reads releases from a cluster.

package helm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/rest"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

const (
	defaultTimeout = 5 * time.Minute
	defaultHistory = 10
	// grace is how long records are still written after an interruption, and how long what failed is taken back.
	grace = 30 * time.Second
)

// cluster is the Manager of one cluster. It is safe for concurrent use for different releases.
type cluster struct {
	connection *connection
	now        func() time.Time
}

var _ Manager = (*cluster)(nil)

// NewManager returns the manager of releases in the cluster of config. now tells the time by the API server's clock, by which
// operations of others are judged; nil means this machine's. No request is sent.
func NewManager(config *rest.Config, now func() time.Time) (Manager, error) {
	connection, err := newConnection(config)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &cluster{connection, now}, nil
}

// State reads a release. It costs a list of metadata and one or two revisions.
func (m *cluster) State(ctx context.Context, namespace, name string) (*State, error) {
	held, err := m.connection.store(ctx, namespace)
	if err != nil {
		return nil, err
	}
	revisions, err := held.revisions(ctx, name)
	if err != nil || len(revisions) == 0 {
		return nil, err
	}
	last := revisions[0]
	release, size, err := held.read(ctx, last)
	if err != nil {
		return nil, err
	}
	state := &State{
		Namespace: namespace, Name: name, Revision: last.number, Status: last.status, Owner: last.owner, Size: size,
		Description: describe(last.status, release), Chart: chartOf(release), Updated: timeOf(release.Info),
		Operation: operationOf(last, m.now(), ""),
	}
	if deployed := deployedOf(revisions); deployed != nil {
		if deployed.number != last.number {
			if release, _, err = held.read(ctx, *deployed); err != nil {
				return nil, err
			}
		}
		objects, err := parseManifest(release.Manifest, namespace, name)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			state.Objects = append(state.Objects, o.ID)
		}
	}
	return state, nil
}

// deployedOf returns the revision that was carried out last, or nil.
func deployedOf(revisions []revision) *revision {
	for i := range revisions {
		if revisions[i].status == Deployed {
			return &revisions[i]
		}
	}
	return nil
}

// describe gives Helm's own word, and explains what it leaves open.
func describe(status Status, release *helmrelease.Release) string {
	text := shorten(oneLine(release.Info.Description))
	since := timeOf(release.Info).Format(time.RFC3339)
	switch status {
	case "pending-install":
		return "an install that began at " + since + " is under way or was interrupted; the next apply goes on with it"
	case "pending-upgrade":
		return "an upgrade that began at " + since + " is under way or was interrupted; the next apply goes on from the last revision that was deployed"
	case "pending-rollback":
		return "a rollback that began at " + since + " is under way or was interrupted; the next apply goes on from the last revision that was deployed"
	case "uninstalling":
		return "its removal is under way or was interrupted; the next apply installs it again, the next destroy removes the rest"
	}
	return text
}

func chartOf(release *helmrelease.Release) Chart {
	metadata := release.Chart.Metadata
	return Chart{
		Name: metadata.Name, Version: metadata.Version, AppVersion: metadata.AppVersion,
		Digest: metadata.Annotations[digestAnnotation], Source: metadata.Annotations[sourceAnnotation],
	}
}

// configuration is what Helm's actions work with. Without a getter they do not ask the cluster for anything while they
// render: `lookup` finds nothing, as when the plan was made.
func configuration(c *client, held *store, history int, capabilities *chartutil.Capabilities) *action.Configuration {
	return &action.Configuration{
		KubeClient: c, Releases: held.storage(history), Capabilities: capabilities,
		Log:            func(string, ...any) {},
		HookOutputFunc: func(_, _, _ string) io.Writer { return io.Discard },
	}
}

// lasting returns a context that ends a while after ctx does, so that what happened can still be recorded.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// recovered turns a panic into an error, without its stack.
func recovered(operation, key string, err *error) {
	if r := recover(); r != nil {
		*err = &FailedError{Release: key, Operation: operation, Err: fmt.Errorf("helm failed: %v", r)}
	}
}

func (o ApplyOptions) timeout() time.Duration { return cmp.Or(o.Timeout, defaultTimeout) }

func (o ApplyOptions) history() int { return cmp.Or(max(o.History, 0), defaultHistory) }

// labels are stored with the release.
func (o ApplyOptions) labels() map[string]string {
	if o.Owner == "" {
		return nil
	}
	return map[string]string{OwnerLabel: o.Owner}
}
