"""Names of edges and modules are theirs alone, however users name their nodes."""

from __future__ import annotations

import pytest

import autorecon

CELL = """space s
input z [4]: noise
output image [4, 4, 4]
block cell {
  in   a [4, 4, 4]
  node c [4, 4, 4] then relu
  out  b [4, 4, 4]
  link a -> c = conv(1) | conv(3)
  link c -> b = conv(1) | conv(3)
}
B = cell
link z -> B.a = linear
link B.b -> image = conv(3)
"""


def test_an_edge_of_a_block_and_one_of_the_file_never_share_a_name(tmp_path):
    """`B.a->c` could be to the `c` of the block or to that of the file."""
    text = CELL + "node c [4, 4, 4]\nlink B.a -> c = conv(3) | conv(5)\nlink c -> image = tanh\n"
    space = autorecon.loads(text)
    names = [edge.name for edge in space.edges]
    assert len(set(names)) == len(names)
    assert {"B.a->B.c", "B.a->c", "B.c->b"} <= set(names)
    assert space.architectures == 8
    weights = [n for n in autorecon.supernet(space).state_dict() if n.endswith("weight")]
    assert len(weights) == 2 + 3 * 2
    (tmp_path / "s.space").write_text(text)
    for number in range(8):
        (tmp_path / "genotype.space").write_text(space.decode(number).text)
        assert space.encode(autorecon.load(tmp_path / "genotype.space")) == number


def test_an_edge_of_a_block_and_one_to_a_node_of_an_instance_of_that_name_are_apart():
    """Modules of candidates lie below an edge's name, as nodes do below an instance's."""
    text = CELL.replace("c ", "K ").replace("{a, c}", "{a, K}") + (
        "block other {\n in conv1 [4, 4, 4]\n out d [4, 4, 4]\n link conv1 -> d = relu\n}\n"
        "K = other\nlink B.a -> K.conv1 = conv(3)\nlink K.d -> image = identity\n"
    )
    text = text.replace("link c -> b", "link K -> b").replace("-> c =", "-> K =")
    space = autorecon.loads(text)
    names = {edge.name for edge in space.edges}
    assert {"B.a->B.K", "B.a->K.conv1"} <= names
    autorecon.supernet(space)


def test_names_of_other_spaces_stay_short():
    names = {edge.name for edge in autorecon.load("paper").edges}
    assert {"B1.n2->n4", "B1.n2->B2.n4", "B3.n5->image"} <= names


@pytest.mark.parametrize("name", ["alpha", "latent", "training", "forward"])
def test_nodes_and_instances_are_called_as_one_likes(name):
    """Also as what a net itself has: architecture parameters, attributes, methods."""
    text = f"{CELL.replace('B', name)}choice c = relu | tanh\nnode e [4, 4, 4] then c >> {name}\n"
    text += f"choice {name} = elu | silu\n"
    space = autorecon.loads(f"{text}link z -> e = linear\nlink e -> image = conv(3)\n")
    net = autorecon.supernet(space, seed=0)
    assert net(*net.example_inputs(2)).shape == (2, 4, 4, 4)
    assert set(net.alpha) == {d.name for d in space.decisions}
    assert len(list(net.architecture_parameters())) == 4
