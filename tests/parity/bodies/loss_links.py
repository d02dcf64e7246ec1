"""Links that are losses: first weights, samples, losses and gradients."""

from __future__ import annotations


def used(chainer, np, name, arguments, options, call, dtype="float32", calls=2):
    """Make a link and call it with vectors and words, with keyword arguments; differentiate."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    # What Chainer leaves NaN is 0 here.
    before = {path: np.nan_to_num(p.array) for path, p in link.namedparams()}
    result = {"before": before, "text": str(link)}
    for _, parameter in sorted(link.namedparams()):
        parameter.array[...] = random.uniform(-1, 1, parameter.shape)
    for _ in range(calls):
        x = chainer.Variable(random.uniform(-1, 1, (4, 3)).astype(dtype))
        t = random.randint(0, 4, 4).astype(np.int32)
        link.cleargrads()
        y = link(x, t, **call)
        if isinstance(y, tuple):
            y, result["samples"] = y
        chainer.functions.sum(y * random.uniform(-1, 1, y.shape).astype(y.dtype)).backward()
        result["y"] = y.array
        result["gx"] = x.grad
        result["grads"] = {path: p.grad for path, p in sorted(link.namedparams())}
    return result


def drawn(chainer, np, name, counts, options):
    """The sampler of a link, and what it draws."""
    link = getattr(chainer.links, name)(3, counts, 2, **options)
    sampler = link.sampler
    samples = sampler.sample((20,))
    return [sampler.threshold, sampler.values, samples, {p: v.dtype for p, v in link.namedparams()}]


def with_samples(chainer, np, samples):
    """Give a link the samples to use."""
    link = chainer.links.BlackOut(3, [1, 2, 3, 4], samples.shape[1])
    link.sample_data = samples
    link.W.array[...] = np.arange(12).reshape(4, 3) / 10
    x = np.ones((len(samples), 3), np.float32)
    return link(x, np.arange(len(samples), dtype=np.int32)).array


def tree_of(chainer, np, counts):
    """Make a Huffman tree of words."""
    return chainer.links.BinaryHierarchicalSoftmax.create_huffman_tree(counts)


def parsed(chainer, np, tree, dtype):
    """Parse a tree, with the parser and in the link."""
    module = getattr(getattr(chainer.links, "loss", None), "hierarchical_softmax", chainer.links)
    parser = module.TreeParser(np.dtype(dtype))
    parser.parse(tree)
    function = module.BinaryHierarchicalSoftmaxFunction(tree, np.dtype(dtype))
    paths, codes = parser.get_paths(), parser.get_codes()
    return [
        parser.size(),
        [[word, paths[word], codes[word]] for word in sorted(paths)],
        [function.paths, function.codes, function.begins, function.parser_size],
    ]


def words_found(chainer, np, tree, t, options, dtype="float32"):
    """The loss of words over a tree, and its gradients."""
    link = chainer.links.BinaryHierarchicalSoftmax(3, tree, **options)
    random = np.random.RandomState(1)
    x = chainer.Variable(random.uniform(-1, 1, (len(t), 3)).astype(dtype))
    link.cleargrads()
    y = link(x, t)
    y.grad = np.array(0.5, y.dtype)
    y.backward()
    return [link.W.array, y.array, x.grad, link.W.grad, type(y.creator).__name__, y.creator.label]


def field(chainer, np, lengths, options, initial_cost=None):
    """A field's losses and best labels of sequences, one by one and step by step."""
    link = chainer.links.CRF1d(3, initial_cost)
    random = np.random.RandomState(1)
    first = link.cost.array.copy()
    link.cost.array[...] = random.uniform(-1, 1, (3, 3))
    xs = [chainer.Variable(random.uniform(-1, 1, (n, 3)).astype(np.float32)) for n in lengths]
    ys = [random.randint(0, 3, n).astype(np.int32) for n in lengths]
    result = {"first": first, "text": str(link)}
    if list(lengths) == sorted(lengths, reverse=True):
        steps = chainer.functions.transpose_sequence(xs)
        labels = chainer.functions.transpose_sequence(ys)
        result["steps"] = link(steps, labels, **options).array
        scores, path = link.argmax(steps)
        result["path of steps"] = [scores.array, *path]
    loss = link(xs, ys, transpose=True, **options)
    link.cleargrads()
    chainer.functions.sum(loss).backward()
    scores, path = link.argmax(xs, transpose=True)
    return {
        **result,
        "loss": loss.array,
        "gx": [x.grad for x in xs],
        "cost": link.cost.grad,
        "scores": scores.array,
        "path": path,
    }
