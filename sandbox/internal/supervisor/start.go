// SPDX-License-Identifier: Apache-2.0

//go:build unix

// This file brings the components up, in an order that lets each do its slow part while others do theirs.

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/components"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/provision"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// start brings everything up once. It returns when the sandbox is ready, or with the first thing that went wrong.
func (s *Supervisor) start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Each start has a channel of its own, so that a late death of an earlier one is not taken for one of this.
	deaths := make(chan *DeathError, deathsBuffer)
	s.deaths = deaths
	// A component that dies ends every wait at once, with its death as the cause.
	finished := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case death := <-deaths:
			cancel(death)
		case <-finished:
		}
	})
	err := s.bringUp(ctx)
	close(finished)
	watcher.Wait()
	if cause := context.Cause(ctx); cause != nil {
		// The failed wait is only a consequence, except when time ran out: then it is the only one that tells what was slow.
		if errors.Is(cause, context.Canceled) || isDeath(cause) {
			return cause
		}
	}
	return err
}

func (s *Supervisor) bringUp(ctx context.Context) error {
	chosen, err := components.ChoosePorts()
	if err != nil {
		return err
	}
	s.setup = components.Setup{
		Folder:   s.options.Folder,
		Programs: s.options.Programs,
		Ports:    chosen,
		NotAfter: s.state.EndsAt.Add(certificateMargin),
	}
	if err := s.setup.Check(); err != nil {
		return err
	}
	if err := s.options.Folder.MakeFolders(); err != nil {
		return err
	}
	kubeconfig, err := s.setup.WriteCredentials()
	if err != nil {
		return err
	}
	if err := s.setup.WriteConfigs(); err != nil {
		return err
	}
	client, err := provision.NewClient(kubeconfig)
	if err != nil {
		return err
	}
	if err := s.controlPlane(ctx, client); err != nil {
		return err
	}
	if err := s.inhabit(ctx, client); err != nil {
		return err
	}
	if s.state.KubernetesVersion, err = client.Version(ctx); err != nil {
		return err
	}
	if err := state.WriteFile(s.options.Folder.Kubeconfig(), kubeconfig); err != nil {
		return err
	}
	s.state.Phase = state.Running
	s.state.Kubeconfig = s.options.Folder.Kubeconfig()
	s.state.Server = s.setup.Server()
	s.state.Nodes = "simulated"
	s.state.ReadyAt = now()
	s.step("ready")
	return nil
}

// controlPlane starts etcd and the API server together (the server waits for the store by itself), and what needs the server when it is ready: the controller
// manager and the scheduler end, or wait for long, when it does not know their rights yet.
func (s *Supervisor) controlPlane(ctx context.Context, client *provision.Client) error {
	etcd, server := s.setup.Etcd(), s.setup.APIServer()
	if err := s.launch(etcd, waveStore); err != nil {
		return err
	}
	if err := s.launch(server, waveServer); err != nil {
		return err
	}
	if err := await(ctx, etcd); err != nil {
		return err
	}
	s.step("etcd listens")
	if err := await(ctx, server); err != nil {
		return err
	}
	if err := client.AwaitReady(ctx); err != nil {
		return err
	}
	s.step("kube-apiserver is ready at %s", s.setup.Server())
	if err := s.launch(s.setup.ControllerManager(), waveClients); err != nil {
		return err
	}
	return s.launch(s.setup.Scheduler(), waveClients)
}

// inhabit makes the cluster what the sandbox promises: nodes, volumes, and the operators with their definitions and rights. Meanwhile the others become ready.
func (s *Supervisor) inhabit(ctx context.Context, client *provision.Client) error {
	kwok, err := s.setup.Kwok()
	if err != nil {
		return err
	}
	if err := s.launch(kwok, waveClients); err != nil {
		return err
	}
	if s.state.NodeNames, err = client.Nodes(ctx, s.options.Nodes); err != nil {
		return err
	}
	if err := client.StorageClass(ctx, s.setup.Path(components.StagesFolder, "volume", components.StorageClassFile)); err != nil {
		return err
	}
	if err := client.Roles(ctx, s.setup.Path(components.RolesFolder), components.OperatorUsers()); err != nil {
		return err
	}
	count, err := client.Definitions(ctx, s.setup.Path(components.DefinitionsFolder))
	if err != nil {
		return err
	}
	s.step("%d CustomResourceDefinitions are served", count)
	operators := s.setup.Operators()
	for _, operator := range operators {
		if err := s.launch(operator, waveClients); err != nil {
			return err
		}
	}
	for _, component := range []components.Component{s.setup.ControllerManager(), s.setup.Scheduler(), kwok} {
		if err := await(ctx, component); err != nil {
			return err
		}
	}
	if err := client.AwaitServiceAccounts(ctx); err != nil {
		return err
	}
	s.step("kube-controller-manager and kube-scheduler are ready")
	if err := client.AwaitNodes(ctx, s.options.Nodes); err != nil {
		return err
	}
	s.step("%d simulated nodes are ready", s.options.Nodes)
	for _, operator := range operators {
		if err := await(ctx, operator); err != nil {
			return err
		}
		s.step("%s is running", operator.Name)
	}
	return nil
}

// await waits until a component calls itself ready.
func await(ctx context.Context, component components.Component) error {
	return provision.Await(ctx, component.Name, component.Ready)
}

// launch starts a component and watches over it.
func (s *Supervisor) launch(component components.Component, wave wave) error {
	started, err := s.launcher.Start(process.Spec{
		Name:        component.Name,
		Path:        s.setup.Path(component.Program),
		Args:        component.Args,
		Environment: append(s.setup.Environment(), component.Environment...),
		Directory:   s.options.Folder.Scratch(),
		Log:         s.options.Folder.Log(component.Name),
	})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	child := child{Process: started, component: component, wave: wave, stopping: make(chan struct{})}
	s.running = append(s.running, child)
	s.state.Components = append(s.state.Components, state.Component{
		Name: component.Name, Identity: started.Identity, Log: started.Log, URL: component.URL,
	})
	deaths := s.deaths
	go func() {
		<-started.Done()
		select {
		case <-child.stopping:
		default:
			deaths <- newDeath(started)
		}
	}()
	s.step("%s started (process %d, log %s)", component.Name, started.Identity.PID, filepath.Base(started.Log))
	return nil
}
