// SPDX-License-Identifier: Apache-2.0

// This file installs and upgrades releases.

package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// operation is one install or upgrade.
type operation struct {
	*cluster
	rendered *Rendered
	from     *origin
	options  ApplyOptions
	manifest string

	// held is written to even after an interruption.
	held      *store
	revisions []revision
}

// Apply makes the cluster match a rendered release: exactly the objects that were rendered, with the options' labels.
//
// When it fails, an upgrade is rolled back to the last revision that was deployed, and of a first install what it made is
// removed; objects that had been there before stay. After an interruption nothing is taken back: the next Apply goes on.
// The error is a *FailedError, a *BusyError, a *TooLargeError, a *DamagedError or one of the API server.
func (m *cluster) Apply(ctx context.Context, rendered *Rendered, options ApplyOptions) (state *State, err error) {
	key := rendered.Release.Key()
	defer recovered("apply", key, &err)
	from, ok := rendered.source.(*origin)
	if !ok {
		return nil, fmt.Errorf("release %s: got a release that no chart was rendered for", key)
	}
	manifest, err := manifestOf(rendered.Objects, options.Labels)
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", key, err)
	}
	longer, cancel := lasting(ctx)
	defer cancel()
	held, err := m.connection.store(longer, rendered.Release.Namespace)
	if err != nil {
		return nil, err
	}
	held.redact = options.Redact
	o := &operation{cluster: m, rendered: rendered, from: from, options: options, manifest: manifest, held: held}
	if o.revisions, err = held.revisions(ctx, rendered.Release.Name); err != nil {
		return nil, err
	}
	if busy := o.busy(o.revisions); busy != nil {
		return nil, busy
	}
	if len(o.revisions) == 0 {
		err = o.install(ctx)
	} else {
		err = o.upgrade(ctx)
	}
	if err != nil {
		return nil, err
	}
	return m.State(longer, rendered.Release.Namespace, rendered.Release.Name)
}

func (o *operation) busy(revisions []revision) *BusyError {
	release := o.rendered.Release
	return o.cluster.busy(release.Namespace, release.Name, o.options.Owner, revisions)
}

// overtaken returns a *BusyError when others began an operation just before this one, which Helm has refused for that: nothing was
// written.
func (o *operation) overtaken(ctx context.Context) *BusyError {
	now, err := o.held.revisions(ctx, o.rendered.Release.Name)
	if err != nil {
		return nil //nolint:nilerr // why the operation failed is told all the same
	}
	if slices.ContainsFunc(now, func(r revision) bool { return r.ours && (len(o.revisions) == 0 || r.number > o.revisions[0].number) }) {
		return nil
	}
	return o.busy(now)
}

func (o *operation) client(ctx context.Context) *client {
	return o.connection.client(ctx, o.rendered.Release.Namespace, o.rendered.Release.Name)
}

func (o *operation) configuration(c *client) *action.Configuration {
	return configuration(c, o.held, o.options.history(), o.from.capabilities)
}

// planned is a post-renderer that gives what was planned, whatever the templates say at this moment.
type planned string

func (p planned) Run(*bytes.Buffer) (*bytes.Buffer, error) {
	return bytes.NewBufferString(string(p)), nil
}

// source returns the chart and the values, which Helm changes.
func (o *operation) source() (*chart.Chart, map[string]any) {
	return o.from.chart.fresh(), copyMap(o.from.values)
}

func (o *operation) install(ctx context.Context) error {
	c := o.client(ctx)
	install := action.NewInstall(o.configuration(c))
	install.ReleaseName, install.Namespace = o.rendered.Release.Name, o.rendered.Release.Namespace
	install.SkipCRDs, install.TakeOwnership = true, true
	install.DisableOpenAPIValidation, install.SkipSchemaValidation = true, true
	install.Timeout, install.Labels, install.PostRenderer = o.options.timeout(), o.options.labels(), planned(o.manifest)
	packed, values := o.source()
	// The client ends with ctx. Helm's own handling of contexts would return while it still writes.
	_, err := install.Run(packed, values)
	if done, err := o.done("install", err); done {
		return err
	}
	failed := o.failed(ctx, "install", c.explained(err))
	if failed.Err == ctx.Err() { //nolint:errorlint // it was set from there
		failed.After = "what it made stays, and the next run goes on with it"
		return failed
	}
	var large *TooLargeError
	if errors.As(err, &large) {
		return large
	}
	if busy := o.overtaken(ctx); busy != nil {
		return busy
	}
	failed.After, failed.Restored = o.takeBack(ctx, c)
	return failed
}

// done reports whether an operation that ended with err has done all that it had to. Helm takes it for success, or for a reason to
// roll back, when only that could not be stored in the end.
func (o *operation) done(what string, err error) (bool, error) {
	number := 1
	if len(o.revisions) > 0 {
		number += o.revisions[0].number
	}
	unstored := o.held.unstored[secretName(o.rendered.Release.Name, number)]
	if unstored == nil || err != nil && !errors.Is(err, unstored) {
		return err == nil, err
	}
	return true, &FailedError{
		Release: o.rendered.Release.Key(), Operation: what, Err: fmt.Errorf("that it was carried out could not be stored: %w", unstored),
		After: "its objects are as they are to be, and the next run goes on from there", Unstored: true,
	}
}

// takeBack removes what a failed first install made, and its record.
func (o *operation) takeBack(ctx context.Context, c *client) (after string, restored bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	again := o.client(ctx)
	again.created = c.created
	if err := again.removeCreated(); err != nil {
		return "what it made could not be removed, so that the release stays as failed: " + oneLine(err.Error()), false
	}
	revisions, err := o.held.revisions(ctx, o.rendered.Release.Name)
	for i := 0; i < len(revisions) && err == nil; i++ {
		// Others may have installed a release of that name at the same moment.
		if revisions[i].ours {
			err = o.held.drop(ctx, revisions[i])
		}
	}
	if err != nil {
		return "what it made was removed, but not its record: " + oneLine(err.Error()), false
	}
	return "what it made was removed again", true
}

func (o *operation) upgrade(ctx context.Context) error {
	c := o.client(ctx)
	if err := o.recover(ctx, c); err != nil {
		return err
	}
	c.dispensable = o.unwanted()
	upgrade := action.NewUpgrade(o.configuration(c))
	upgrade.Namespace = o.rendered.Release.Namespace
	upgrade.SkipCRDs, upgrade.TakeOwnership, upgrade.ResetValues = true, true, true
	upgrade.DisableOpenAPIValidation, upgrade.SkipSchemaValidation = true, true
	upgrade.MaxHistory = o.options.history()
	upgrade.Timeout, upgrade.Labels, upgrade.PostRenderer = o.options.timeout(), o.options.labels(), planned(o.manifest)
	packed, values := o.source()
	_, err := upgrade.Run(o.rendered.Release.Name, packed, values)
	if done, err := o.done("upgrade", err); done {
		return err
	}
	failed := o.failed(ctx, "upgrade", c.explained(err))
	if failed.Err == ctx.Err() { //nolint:errorlint // it was set from there
		failed.After = "the next run goes on from the last revision that was deployed"
		return failed
	}
	var large *TooLargeError
	if errors.As(err, &large) {
		return large
	}
	if busy := o.overtaken(ctx); busy != nil {
		return busy
	}
	failed.After, failed.Restored = o.rollBack(ctx, c)
	return failed
}

// unwanted returns what tells the objects of earlier revisions from those that are to be made, hooks among them.
func (o *operation) unwanted() func(backend.ID) bool {
	wanted := map[backend.ID]bool{}
	for n := range o.rendered.Objects {
		wanted[unversioned(o.rendered.Objects[n].ID)] = true
	}
	for _, h := range o.rendered.Hooks {
		wanted[unversioned(h.ID)] = true
	}
	return func(id backend.ID) bool { return !wanted[unversioned(id)] }
}

// rollBack returns to the last revision that was deployed.
func (o *operation) rollBack(ctx context.Context, c *client) (after string, restored bool) {
	limit := grace + o.options.timeout()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	now, err := o.held.revisions(ctx, o.rendered.Release.Name)
	if err != nil {
		return "it could not be rolled back: " + oneLine(err.Error()), false
	}
	if len(now) == 0 || now[0].number == o.revisions[0].number {
		return "nothing was changed", true
	}
	if busy := o.busy(now); busy != nil {
		return fmt.Sprintf("it was not rolled back: %s, and it has not ended", &busy.Operation), false
	}
	deployed := deployedOf(now)
	if deployed == nil {
		return "there is no revision that was ever deployed, so that it stays as it is", false
	}
	again := o.client(ctx)
	made := c.created
	// What the failed upgrade took over was there before: only what it made goes.
	again.removable = func(info *resource.Info) bool { return made.Contains(info) }
	rollback := action.NewRollback(o.configuration(again))
	rollback.Version, rollback.MaxHistory, rollback.Timeout = deployed.number, o.options.history(), o.options.timeout()
	if err := rollback.Run(o.rendered.Release.Name); err != nil {
		return fmt.Sprintf("it could not be rolled back to revision %d either: %s", deployed.number, oneLine(err.Error())), false
	}
	return fmt.Sprintf("it was rolled back to revision %d", deployed.number), true
}

// recover makes a release that an operation was interrupted for fit for the next one. Helm itself refuses to touch it.
func (o *operation) recover(ctx context.Context, c *client) error {
	last := &o.revisions[0]
	switch last.status {
	case Deployed, "failed", "superseded":
	default:
		release, _, err := o.held.read(ctx, *last)
		if err != nil {
			return err
		}
		// One of ours is dead, since we have the deployment's lock; one of others has long been silent.
		description := "it was interrupted while it was " + string(last.status)
		if last.status == "uninstalled" {
			description = "it was uninstalled"
		}
		release.SetStatus(helmrelease.StatusFailed, description)
		if err := o.held.write(release); err != nil {
			return fmt.Errorf("release %s: recover revision %d: %w", o.rendered.Release.Key(), last.number, err)
		}
	}
	return o.gatherEarlier(ctx, c)
}

// gatherEarlier collects what revisions made that were not carried out to the end. Helm compares with the last deployed
// one and would forget them.
func (o *operation) gatherEarlier(ctx context.Context, c *client) error {
	var manifests strings.Builder
	for i, r := range o.revisions {
		if r.status == Deployed {
			break
		}
		if r.status == "superseded" || i > 0 && r.status == "uninstalled" {
			continue
		}
		release, _, err := o.held.read(ctx, r)
		var damaged *DamagedError
		switch {
		case errors.As(err, &damaged) && i > 0:
			continue
		case err != nil:
			return err
		}
		manifests.WriteString("\n---\n" + release.Manifest)
		if c.madeSince.IsZero() || r.stored.Before(c.madeSince) {
			c.madeSince = r.stored
		}
	}
	c.earlier = manifests.String()
	return nil
}

// failed gives an error its release. After an interruption whatever else went wrong came of it.
func (o *operation) failed(ctx context.Context, what string, err error) *FailedError {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return &FailedError{Release: o.rendered.Release.Key(), Operation: what, Err: err}
}
