"""AlexNet들을 논문의 수, 손으로 쓴 공식, torchvision과 비교합니다."""

import math
import re

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course_utils.alexnet import (
    AlexNet,
    AlexNetOriginal,
    ColumnLRN,
    FourLayerNet,
    LadderNet,
    SmallAlexNet,
    hang_over_edge,
)
from course_utils.anatomy import dissect, layer_outputs
from course_utils.lenet import LeNet5
from course_utils.training import fit

MODELS = [AlexNet, AlexNetOriginal, SmallAlexNet]


def outline(model, **options):
    """값 없이 모양만 있는 모델입니다. 6천만 개의 파라미터를 채우지 않아 금방 만듭니다."""
    with torch.device("meta"):
        return model(**options)


@pytest.fixture(scope="module")
def teaching():
    torch.manual_seed(0)
    return AlexNet().eval()


@pytest.fixture(scope="module")
def original():
    torch.manual_seed(0)
    return AlexNetOriginal().eval()


# --- 파라미터 -------------------------------------------------------------------------------------


def ledger(model, side):
    return {row.name: row.parameters for row in dissect(model, (3, side, side)) if row.parameters}


def test_original_alexnet_ledger_is_the_papers():
    parameters = ledger(outline(AlexNetOriginal), 224)
    assert parameters == {
        "conv1": 34_944, "conv2": 307_456, "conv3": 885_120, "conv4": 663_936, "conv5": 442_624,
        "fc6": 37_752_832, "fc7": 16_781_312, "fc8": 4_097_000,
    }  # fmt: skip
    assert sum(parameters.values()) == 60_965_224


def test_small_alexnet_ledger_is_hand_arithmetic():
    parameters = ledger(outline(SmallAlexNet), 32)
    assert parameters == {
        "conv1": 24 * (3 * 5 * 5 + 1), "conv2": 64 * (24 * 5 * 5 + 1),
        "conv3": 96 * (64 * 3 * 3 + 1), "conv4": 96 * (96 * 3 * 3 + 1),
        "conv5": 64 * (96 * 3 * 3 + 1), "fc6": 256 * (64 * 3 * 3 + 1),
        "fc7": 256 * (256 + 1), "fc8": 10 * (256 + 1),
    }  # fmt: skip
    assert sum(parameters.values()) == 450_154


def test_small_alexnet_has_a_quarter_of_the_channels_and_a_sixteenth_of_the_fc_units():
    large, small = outline(AlexNet), outline(SmallAlexNet)
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5"):
        channels = large.features.get_submodule(name).out_channels
        assert channels == 4 * small.features.get_submodule(name).out_channels
    assert large.classifier.fc6.out_features == 16 * small.classifier.fc6.out_features
    assert large.classifier.fc7.out_features == 16 * small.classifier.fc7.out_features


def test_columns_save_exactly_the_crossing_weights_of_conv2_conv4_conv5():
    teaching, original = ledger(outline(AlexNet), 227), ledger(outline(AlexNetOriginal), 227)
    saved = {name: teaching[name] - original[name] for name in teaching}
    crossing = {  # 커널마다 다른 열의 맵을 보는 가중치
        "conv2": 256 * 48 * 5 * 5, "conv4": 384 * 192 * 3 * 3, "conv5": 256 * 192 * 3 * 3,
    }  # fmt: skip
    assert {name: count for name, count in saved.items() if count} == crossing
    assert sum(crossing.values()) == 62_378_344 - 60_965_224 == 1_413_120


@pytest.mark.parametrize("model", MODELS)
def test_num_classes_changes_only_fc8(model):
    default, seven = outline(model).state_dict(), outline(model, num_classes=7).state_dict()
    changed = {name for name in default if default[name].shape != seven[name].shape}
    assert changed == {"classifier.fc8.weight", "classifier.fc8.bias"}
    assert default.keys() == seven.keys()
    assert seven["classifier.fc8.bias"].shape == (7,)


# --- 모양과 순서 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "side"), [(AlexNet, 227), (AlexNetOriginal, 224), (AlexNetOriginal, 227)]
)
def test_maps_shrink_from_55_to_6(model, side):
    shapes = {row.name: row.output_shape for row in dissect(outline(model), (3, side, side))}
    assert {name: shapes[name] for name in shapes if name.startswith(("conv", "pool", "fc"))} == {
        "conv1": (96, 55, 55), "pool1": (96, 27, 27),
        "conv2": (256, 27, 27), "pool2": (256, 13, 13),
        "conv3": (384, 13, 13), "conv4": (384, 13, 13),
        "conv5": (256, 13, 13), "pool5": (256, 6, 6),
        "fc6": (4096,), "fc7": (4096,), "fc8": (1000,),
    }  # fmt: skip


def test_units_per_layer_are_the_papers_except_for_conv1():
    rows = dissect(outline(AlexNetOriginal), (3, 224, 224))
    units = {row.name: math.prod(row.output_shape) for row in rows if row.parameters}
    # Krizhevsky 2012, §3.5. 그림 2의 conv1은 253,440 = 55×48×96인데, 55×55×96이 맞습니다.
    assert list(units.values())[1:] == [186_624, 64_896, 64_896, 43_264, 4_096, 4_096, 1_000]
    assert units["conv1"] == 55 * 55 * 96 != 253_440


def kinds(sequence):
    return [(name, type(part)) for name, part in sequence.named_children()]


def test_original_normalises_after_relu_and_before_pooling_only_twice():
    assert kinds(outline(AlexNetOriginal).features) == [
        ("conv1", nn.Conv2d), ("relu1", nn.ReLU), ("norm1", ColumnLRN), ("pool1", nn.MaxPool2d),
        ("conv2", nn.Conv2d), ("relu2", nn.ReLU), ("norm2", ColumnLRN), ("pool2", nn.MaxPool2d),
        ("conv3", nn.Conv2d), ("relu3", nn.ReLU),
        ("conv4", nn.Conv2d), ("relu4", nn.ReLU),
        ("conv5", nn.Conv2d), ("relu5", nn.ReLU), ("pool5", nn.MaxPool2d),
    ]  # fmt: skip


@pytest.mark.parametrize("model", [AlexNet, SmallAlexNet])
def test_teaching_and_small_nets_are_the_original_without_norms_and_groups(model):
    expected = kinds(outline(AlexNetOriginal).features)
    features = outline(model).features
    assert kinds(features) == [part for part in expected if part[1] is not ColumnLRN]
    assert all(part.groups == 1 for part in features if isinstance(part, nn.Conv2d))


@pytest.mark.parametrize("model", MODELS)
def test_dropout_sits_on_the_outputs_of_fc6_and_fc7(model):
    net = outline(model)
    assert kinds(net.classifier) == [
        ("fc6", nn.Linear), ("relu6", nn.ReLU), ("drop6", nn.Dropout),
        ("fc7", nn.Linear), ("relu7", nn.ReLU), ("drop7", nn.Dropout),
        ("fc8", nn.Linear),
    ]  # fmt: skip
    assert net.classifier.drop6.p == net.classifier.drop7.p == 0.5  # Krizhevsky 2012, §4.2


@pytest.mark.parametrize("model", MODELS)
def test_every_pooling_overlaps(model):
    pools = [part for part in outline(model).features if isinstance(part, nn.MaxPool2d)]
    # Krizhevsky 2012, §3.4: z = 3, s = 2
    assert [(pool.kernel_size, pool.stride, pool.padding) for pool in pools] == [(3, 2, 0)] * 3


@pytest.mark.parametrize(("model", "side"), [(AlexNetOriginal, 227), (SmallAlexNet, 32)])
def test_forward_applies_every_layer_in_order(request, model, side):
    net = request.getfixturevalue("original") if model is AlexNetOriginal else model().eval()
    in_order = nn.Sequential(*net.features, nn.Flatten(), *net.classifier)
    images = 100 * torch.randn(2, 3, side, side)  # 커야 편향에 묻히지 않습니다.
    with torch.no_grad():
        torch.testing.assert_close(net(images), in_order(images))


# --- 2012년의 올림 규칙 ---------------------------------------------------------------------------


def test_last_windows_of_conv1_hang_over_the_edge(original):
    images = torch.randn(1, 3, 224, 224)
    maps = layer_outputs(original, images)["conv1"][0]
    last = math.ceil((224 - 11) / 4)
    assert maps.shape == (96, 1 + last, 1 + last)
    conv1 = original.features.conv1
    windows = [(last, i) for i in range(last + 1)] + [(i, last) for i in range(last + 1)]
    for row, column in windows:
        # 조각은 이미지의 끝에서 잘립니다. 잘려 나간 자리의 픽셀은 0이라 더할 것이 없습니다.
        seen = images[0, :, 4 * row : 4 * row + 11, 4 * column : 4 * column + 11]
        kernels = conv1.weight[[0, 47, 95], :, : seen.shape[1], : seen.shape[2]]
        expected = (kernels * seen).sum(dim=(1, 2, 3)) + conv1.bias[[0, 47, 95]]
        torch.testing.assert_close(maps[[0, 47, 95], row, column], expected)


def test_image_of_227_pixels_is_left_alone():
    images = torch.randn(1, 3, 227, 227)
    assert torch.equal(hang_over_edge(images), images)


# --- 두 열 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "channels", "is_seen"),
    [("conv2", 96, False), ("conv3", 256, True), ("conv4", 384, False), ("conv5", 384, False)],
)
def test_first_column_reads_the_second_one_only_in_conv3(original, name, channels, is_seen):
    layer = original.features.get_submodule(name)
    x = torch.randn(1, channels, 13, 13)
    changed = x.clone()
    changed[:, channels // 2 :] += 1
    half = layer.out_channels // 2
    assert torch.equal(layer(x)[:, :half], layer(changed)[:, :half]) is not is_seen


# --- 지역 응답 정규화 -----------------------------------------------------------------------------


def lrn_by_hand(x, columns, *, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Krizhevsky 2012, §3.3의 식입니다. 열 안에서만 더하고, α는 이웃 수로 나눕니다."""
    width = x.shape[1] // columns
    y = torch.empty_like(x)
    for i in range(x.shape[1]):
        start = i // width * width
        low, high = max(start, i - size // 2), min(start + width - 1, i + size // 2)
        squares = sum(x[:, j] ** 2 for j in range(low, high + 1))
        y[:, i] = x[:, i] / (k + alpha / size * squares) ** beta
    return y


@pytest.mark.parametrize("options", [
    {"columns": 1}, {"columns": 2}, {"columns": 3},
    {"columns": 2, "size": 3, "alpha": 0.5, "beta": 0.6, "k": 1.5},
])  # fmt: skip
def test_column_lrn_is_the_papers_formula_inside_each_column(options):
    x = 100 * torch.randn(2, 24, 3, 4, dtype=torch.double)
    torch.testing.assert_close(ColumnLRN(**options)(x), lrn_by_hand(x, **options))


def test_one_column_lrn_equals_pytorchs():
    x = 100 * torch.randn(2, 16, 3, 3, dtype=torch.double)
    theirs = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)
    torch.testing.assert_close(ColumnLRN(columns=1)(x), theirs(x))


def test_column_lrn_differs_from_pytorchs_only_within_two_channels_of_the_border():
    x = 100 * torch.randn(1, 16, 3, 3, dtype=torch.double)
    theirs = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)(x)
    is_same = torch.isclose(ColumnLRN()(x), theirs).all(dim=(0, 2, 3))
    assert [channel for channel in range(16) if not is_same[channel]] == [6, 7, 8, 9]


def test_column_lrn_has_the_right_gradients():
    x = torch.randn(2, 6, 2, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(ColumnLRN(alpha=1.0), (x,))  # α가 1e-4이면 이웃이 묻힙니다.


@pytest.mark.parametrize("name", ["norm1", "norm2"])
def test_original_uses_the_papers_lrn_constants_in_two_columns(name):
    norm = outline(AlexNetOriginal).features.get_submodule(name)
    x = 100 * torch.randn(1, 96, 2, 2, dtype=torch.double)
    torch.testing.assert_close(norm(x), lrn_by_hand(x, 2))


# --- 초깃값 ---------------------------------------------------------------------------------------

LAYERS = [
    "features.conv1", "features.conv2", "features.conv3", "features.conv4", "features.conv5",
    "classifier.fc6", "classifier.fc7", "classifier.fc8",
]  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_original_weights_start_as_a_normal_of_std_one_hundredth(original, name):
    weight = original.get_submodule(name).weight.detach()
    n = weight.numel()
    # 표준 오차의 다섯 배까지 둡니다. 평균은 σ/√n, 표준 편차는 σ/√(2n)입니다.
    assert weight.mean().item() == pytest.approx(0, abs=5 * 0.01 / math.sqrt(n))
    assert weight.std().item() == pytest.approx(0.01, abs=5 * 0.01 / math.sqrt(2 * n))
    within_one_sigma = (weight.abs() < 0.01).sum().item() / n
    assert within_one_sigma == pytest.approx(math.erf(1 / math.sqrt(2)), abs=5 * 0.5 / math.sqrt(n))


def test_original_biases_are_one_where_the_paper_says_and_zero_elsewhere(original):
    biases = {name: original.get_submodule(name).bias for name in LAYERS}
    assert {name.split(".")[1]: set(bias.tolist()) for name, bias in biases.items()} == {
        "conv1": {0.0}, "conv2": {1.0}, "conv3": {0.0}, "conv4": {1.0}, "conv5": {1.0},
        "fc6": {1.0}, "fc7": {1.0}, "fc8": {0.0},
    }  # fmt: skip


# --- torchvision ----------------------------------------------------------------------------------


def test_torchvision_alexnet_is_another_net():
    theirs = outline(torchvision.models.alexnet, weights=None)
    assert sum(p.numel() for p in theirs.parameters()) == 61_100_840
    channels = [part.out_channels for part in theirs.features if isinstance(part, nn.Conv2d)]
    assert channels == [64, 192, 384, 256, 256]


def test_torchvision_alexnet_with_our_convolutions_gives_our_logits(teaching):
    theirs = outline(torchvision.models.alexnet, weights=None).eval()
    ours = [part for part in teaching.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    places = [f"features.{i}" for i in (0, 3, 6, 8, 10)] + [f"classifier.{i}" for i in (1, 4, 6)]
    for place, layer in zip(places, ours, strict=True):
        group, index = place.split(".")
        theirs.get_submodule(group)[int(index)] = layer
    images = 100 * torch.randn(2, 3, 227, 227)  # 커야 편향에 묻히지 않습니다.
    with torch.no_grad():
        torch.testing.assert_close(teaching(images), theirs(images))


# --- 잘못된 입력 ----------------------------------------------------------------------------------


def follow(advice, images):
    """메시지의 끝에 적힌 코드를 실행합니다."""
    code = re.search(r"(?:F|images)(?:\.\w+\(.*\)|\[.*\])$", advice).group()
    return eval(code, {"images": images, "F": F})


@pytest.mark.parametrize(
    ("model", "shape", "fix"),
    [
        (AlexNet, (2, 3, 224, 224), "F.pad(images, (0, 3, 0, 3))"),
        (AlexNet, (3, 227, 227), "unsqueeze(0)"),
        (AlexNet, (2, 1, 227, 227), "흑백"),
        (AlexNet, (2, 227, 227, 3), "permute(0, 3, 1, 2)"),
        (AlexNet, (2, 4, 227, 227), "images[:, :3]"),
        (AlexNet, (2, 3, 256, 256), "size=(227, 227)"),
        (AlexNet, (2, 3, 227, 300), "size=(227, 227)"),
        (AlexNetOriginal, (3, 224, 224), "unsqueeze(0)"),
        (AlexNetOriginal, (2, 1, 224, 224), "흑백"),
        (AlexNetOriginal, (2, 224, 224, 3), "permute(0, 3, 1, 2)"),
        (AlexNetOriginal, (2, 3, 256, 256), "size=(224, 224)"),
        (AlexNetOriginal, (2, 3, 224, 227), "size=(224, 224)"),
        (SmallAlexNet, (3, 32, 32), "unsqueeze(0)"),
        (SmallAlexNet, (2, 1, 32, 32), "흑백"),
        (SmallAlexNet, (2, 32, 32, 3), "permute(0, 3, 1, 2)"),
        (SmallAlexNet, (2, 3, 224, 224), "size=(32, 32)"),
    ],
)
def test_advice_on_a_wrong_shape_makes_the_call_succeed(model, shape, fix):
    net = outline(model, num_classes=10)
    images = torch.zeros(shape, device="meta")
    with pytest.raises(ValueError, match=re.escape(fix)) as error:
        net(images)
    assert model.__name__ in str(error.value)
    assert str(shape) in str(error.value)
    assert net(follow(str(error.value), images)).shape[1:] == (10,)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (AlexNet, "(N, 3, 227, 227)이어야"),
        (AlexNetOriginal, "(N, 3, 224, 224) 또는 (N, 3, 227, 227)이어야"),
        (SmallAlexNet, "(N, 3, 32, 32)이어야"),
        (FourLayerNet, "(N, 3, 32, 32)이어야"),
    ],
)
@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 227, 227)])
def test_hopeless_shapes_are_told_what_is_wanted(model, wanted, shape):
    with pytest.raises(ValueError, match="순서의 4차원 텐서") as error:
        outline(model)(torch.zeros(shape, device="meta"))
    assert f"{model.__name__}의 입력은 {wanted}" in str(error.value)
    assert str(shape) in str(error.value)


def test_advice_on_224_pixels_is_what_the_original_does():
    images = torch.randn(1, 3, 224, 224)
    with pytest.raises(ValueError, match="그 결과와 같습니다") as error:
        outline(AlexNet)(images)
    for words in ("54.25가 54가", "55를", "6×6이 아니라 5×5", "2012년 코드"):
        assert words in str(error.value)
    assert torch.equal(follow(str(error.value), images), hang_over_edge(images))


# --- 작은 모델의 스위치: 하나를 바꾸면 그것만 바뀝니다 --------------------------------------------


def count(model):
    return sum(weight.numel() for weight in model.parameters())


@pytest.fixture
def small_images():
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("switch", [
    {"overlapping": False}, {"lrn": True}, {"dropout": 0.0}, {"activation": "tanh"},
])  # fmt: skip
def test_no_switch_changes_the_parameter_count(switch):
    assert count(SmallAlexNet(**switch)) == 450_154


@pytest.mark.parametrize(("overlapping", "kernel"), [(True, 3), (False, 2)])
def test_both_poolings_give_the_same_sizes(small_images, overlapping, kernel):
    # 논문의 조건: 출력의 크기가 같은 두 풀링을 비교합니다(Krizhevsky 2012, §3.4).
    model = SmallAlexNet(overlapping=overlapping)
    pools = [part for part in model.features if isinstance(part, nn.MaxPool2d)]
    assert [(pool.kernel_size, pool.stride) for pool in pools] == [(kernel, 2)] * 3
    outputs = layer_outputs(model, small_images)
    assert [outputs[name].shape[-1] for name in ("pool1", "pool2", "pool5")] == [15, 7, 3]


@pytest.mark.parametrize("overlapping", [True, False])
def test_plain_pooling_sees_what_overlapping_pooling_sees(overlapping):
    # 3/2 풀링은 31×31까지만 봅니다. 마지막 줄만 바꾼 맵은 두 풀링 모두에서 같은 답을 냅니다.
    model = SmallAlexNet(overlapping=overlapping)
    after = nn.Sequential(*list(model.features)[2 : 3 if overlapping else 4])
    maps = torch.randn(1, 24, 32, 32)
    changed = maps.clone()
    changed[..., -1, :] = changed[..., :, -1] = 99
    assert torch.equal(after(maps), after(changed))


def test_small_lrn_is_the_papers_and_stands_after_the_first_two_layers_only(small_images):
    model = SmallAlexNet(lrn=True)
    assert [name for name, _ in kinds(model.features) if name.startswith("norm")] == [
        "norm1", "norm2"
    ]  # fmt: skip
    outputs = layer_outputs(model, 1000 * small_images)  # 커야 제곱의 합이 k에 묻히지 않습니다.
    for number in (1, 2):
        before, after = outputs[f"relu{number}"], outputs[f"norm{number}"]
        torch.testing.assert_close(after, lrn_by_hand(before, 1))


@pytest.mark.parametrize("model", [SmallAlexNet, FourLayerNet])
def test_tanh_net_has_no_relu(model):
    assert nn.ReLU not in {type(part) for part in model(activation="tanh").modules()}


@pytest.mark.parametrize(("dropout", "is_same"), [(0.0, True), (0.5, False)])
def test_only_dropout_makes_training_mode_differ(small_images, dropout, is_same):
    model = SmallAlexNet(dropout=dropout)
    assert torch.equal(model.train()(small_images), model.eval()(small_images)) is is_same


def test_four_layer_net_has_85_098_parameters():
    convolutions = 32 * (3 * 25 + 1) + 32 * (32 * 25 + 1) + 64 * (32 * 25 + 1)
    assert count(FourLayerNet()) == convolutions + 10 * (64 * 3 * 3 + 1) == 85_098


@pytest.mark.parametrize(("model", "options", "message"), [
    (SmallAlexNet, {"activation": "gelu"}, "활성화 'gelu'.*relu, tanh"),
    (FourLayerNet, {"activation": "gelu"}, "활성화 'gelu'.*relu, tanh"),
    (LadderNet, {"pooling": "median"}, "average, max"),
])  # fmt: skip
def test_unknown_switch_names_the_known_ones(model, options, message):
    with pytest.raises(ValueError, match=message):
        model(**options)


# --- LeNet-5에서 온 사다리 ------------------------------------------------------------------------


def test_first_step_of_the_ladder_is_lenet_5_with_color():
    # 61,706개에서 C1이 보는 채널이 하나에서 셋이 되므로 6 × 25 × 2 = 300개가 늡니다.
    assert count(LadderNet()) == 61_706 + 6 * 25 * 2
    grey, color = LeNet5(), LadderNet()
    parameters = [p.clone() for p in grey.parameters()]
    parameters[0] = parameters[0].repeat(1, 3, 1, 1) / 3  # 세 채널이 같으면 흑백과 같습니다.
    with torch.no_grad():
        for mine, theirs in zip(color.parameters(), parameters, strict=True):
            mine.copy_(theirs.reshape(mine.shape))  # LeNet5의 C5는 5×5 합성곱으로 적은 FC입니다.
    images = torch.rand(4, 1, 32, 32)
    assert torch.allclose(color(images.expand(-1, 3, -1, -1)), grey(images), atol=1e-5)


def test_later_steps_of_the_ladder_keep_the_map_size():
    model = LadderNet(channels=(6, 16, 16, 16, 16), pooling="max", activation="relu", dropout=0.5)
    assert model.features(torch.zeros(1, 3, 32, 32)).shape == (1, 16, 5, 5)
    assert [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)] == [0.5, 0.5]


def test_small_net_learns_from_its_own_start_with_plain_sgd():
    """PyTorch의 기본 초깃값에서는 여러 에폭이 지나도 무작위 추측(1/3)에 머뭅니다."""
    torch.manual_seed(0)
    labels = torch.arange(90) % 3
    images = torch.randn(90, 3, 32, 32) / 2
    images[torch.arange(90), labels] += 1  # 클래스마다 다른 색
    model = SmallAlexNet(num_classes=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    history = fit(model, images, labels, optimizer=optimizer, num_epochs=15, batch_size=15,
                  progress=False)  # fmt: skip
    assert history["train_accuracy"][-1] > 0.9
