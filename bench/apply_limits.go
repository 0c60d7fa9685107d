// SPDX-License-Identifier: Apache-2.0

// This file holds the limits: what client-go takes to do the same to the API server and nothing else.

package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// bareConfig returns a connection without client-side rate limit, whose requests are counted.
func bareConfig(o order, count *counting) (*rest.Config, *kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	config.QPS = -1
	config.Wrap(count.wrap)
	clientset, err := kubernetes.NewForConfig(config)
	return config, clientset, err
}

func bareMapper(clientset *kubernetes.Clientset) *restmapper.DeferredDiscoveryRESTMapper {
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clientset.Discovery()))
}

// bareLists returns what lists the metadata of what the deployment of the order's prefix has made, one kind beside the other, page
// by page: the limit for whoever looks whether anything has changed.
func bareLists(ctx context.Context, o order, objects []backend.Object, count *counting) (func() error, error) {
	config, clientset, err := bareConfig(o, count)
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	kinds := map[schema.GroupVersionKind]bool{}
	for _, object := range objects {
		kinds[cluster.KindOf(object.ID)] = true
	}
	return func() error {
		mapper := bareMapper(clientset)
		var group errgroup.Group
		for kind := range kinds {
			mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
			if err != nil {
				return err
			}
			group.Go(func() error {
				options := metav1.ListOptions{LabelSelector: inventory.Selector(o.Prefix, inventory.DefaultNamespace), Limit: 1000}
				for found := 0; ; {
					list, err := client.Resource(mapping.Resource).List(ctx, options)
					if err != nil {
						return err
					}
					if found += len(list.Items); list.Continue == "" && found == 0 {
						return fmt.Errorf("%s: got no object of %s", mapping.Resource, o.Prefix)
					}
					if options.Continue = list.Continue; options.Continue == "" {
						return nil
					}
				}
			})
		}
		return group.Wait()
	}, nil
}

// bare returns what sends every object as a server-side patch and does nothing else: the limit that the API server sets.
func bare(ctx context.Context, o order, objects []backend.Object, count *counting) (func() error, error) {
	config, clientset, err := bareConfig(o, count)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	manifests, err := withSecrets(ctx, objects)
	if err != nil {
		return nil, err
	}
	return func() error {
		mapper := bareMapper(clientset)
		for stage := backend.StageCRDs; stage <= backend.StageReceivers; stage++ {
			var group errgroup.Group
			group.SetLimit(workers)
			for n, o := range objects {
				if o.Stage == stage {
					group.Go(func() error { return patch(ctx, client, mapper, o.ID, manifests[n]) })
				}
			}
			if err := group.Wait(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func patch(ctx context.Context, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, id backend.ID, manifest []byte) error {
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: id.Group, Kind: id.Kind}, id.Version)
	if err != nil {
		return err
	}
	resource := client.Resource(mapping.Resource)
	options := metav1.PatchOptions{FieldManager: "bench"}
	if id.Namespace != "" {
		_, err = resource.Namespace(id.Namespace).Patch(ctx, id.Name, types.ApplyPatchType, manifest, options)
	} else {
		_, err = resource.Patch(ctx, id.Name, types.ApplyPatchType, manifest, options)
	}
	return err
}
