"""딥러닝 이전의 방법: 값을 손으로 셀 수 있는 그림과, 내장된 숫자로 확인합니다."""

import numpy as np
import pytest
from skimage import data as photos
from skimage.color import rgb2gray

from course_utils import classical
from course_utils.data import load_digits, normalize, pad_to_32

ORIENTATIONS = 9


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """내장된 숫자: 학습 300장, 시험 100장의 `(픽셀, 레이블)` 둘."""
    data = load_digits(root=tmp_path_factory.mktemp("empty"), offline=True)
    train = classical.digit_pixels(data.train_images[:300]), data.train_labels[:300].numpy()
    return train, (classical.digit_pixels(data.test_images[:100]), data.test_labels[:100].numpy())


@pytest.fixture(scope="module")
def face():
    """우주인 사진의 얼굴 128×128, 흑백 0~1."""
    return rgb2gray(photos.astronaut()[64:192, 160:288]).astype(np.float32)


def edge(*, vertical):
    """왼쪽(또는 위쪽) 절반은 0, 나머지는 1인 28×28 그림입니다."""
    image = np.zeros((28, 28), dtype=np.float32)
    image[:, 14:] = 1
    return image if vertical else image.T


# --- 픽셀과 HOG -----------------------------------------------------------------------------------


def test_digit_pixels_undo_the_normalisation():
    bytes_ = np.arange(784, dtype=np.uint8).reshape(1, 28, 28)
    images = normalize(pad_to_32(bytes_))[:, None]
    np.testing.assert_allclose(classical.digit_pixels(images), bytes_ / 255, atol=1e-6)


def test_pixels_are_laid_out_row_by_row():
    images = np.linspace(0, 1, 12).reshape(2, 2, 3)
    np.testing.assert_allclose(classical.pixel_features(images), images.reshape(2, 6))


def test_hog_has_one_histogram_per_cell_of_every_block():
    # 28픽셀 = 4픽셀 칸 7개, 2×2 블록은 6×6자리, 블록마다 칸 4개 × 방향 9개입니다.
    assert classical.hog_features(np.zeros((3, 28, 28))).shape == (3, 6 * 6 * 4 * 9)
    one = classical.hog_features(np.zeros((1, 28, 28)), cell=7, block=1, orientations=8)
    assert one.shape == (1, 4 * 4 * 8)


@pytest.mark.parametrize(("vertical", "direction"), [(True, 0), (False, 4)])
def test_hog_counts_the_direction_of_the_gradient(vertical, direction):
    # 세로 경계의 기울기는 가로(0도, 첫 칸), 가로 경계는 세로(90도, 80~100도인 다섯째 칸)입니다.
    features = classical.hog_features(edge(vertical=vertical)[None])
    totals = features.reshape(-1, ORIENTATIONS).sum(axis=0)
    assert totals[direction] > 0
    assert np.delete(totals, direction).max() == 0


def test_hog_does_not_see_brightness_or_contrast():
    image = edge(vertical=True)
    twice = classical.hog_features(np.stack([image, 0.3 + 0.5 * image]))
    np.testing.assert_allclose(twice[0], twice[1], atol=1e-3)


def test_hog_picture_draws_lines_along_the_edge():
    picture = classical.hog_picture(edge(vertical=True), cell=14)
    assert picture.shape == (28, 28)
    rows, columns = picture.nonzero()
    assert np.ptp(rows) > 2 * np.ptp(columns[columns < 14])  # 경계를 따라 선 세로선


# --- SIFT와 시각 단어 -----------------------------------------------------------------------------


def test_sift_finds_the_same_points_after_a_quarter_turn(face):
    points, first = classical.sift_features(face)
    turned, second = classical.sift_features(np.rot90(face))
    pairs = classical.match(first, second)
    assert first.shape == (len(points), 128)
    assert len(pairs) > 20
    row, column = points[pairs[:, 0]].T
    expected = np.stack([face.shape[1] - 1 - column, row], axis=1)  # 왼쪽으로 돌린 자리
    close = np.linalg.norm(turned[pairs[:, 1]] - expected, axis=1) < 2
    assert close.mean() > 0.9


def test_image_without_points_has_no_descriptors():
    points, descriptors = classical.sift_features(np.full((28, 28), 0.5))
    assert points.shape == (0, 2)
    assert descriptors.shape == (0, 128)
    assert classical.match(descriptors, np.eye(128)[:3]).shape == (0, 2)


def test_ambiguous_matches_are_dropped():
    first = np.eye(4)[:2]
    clear, twin = np.eye(4)[[0, 1]] + 0.01, np.eye(4)[[0, 0, 1]] + [[0.01], [0.011], [0.01]]
    assert classical.match(first, clear).tolist() == [[0, 0], [1, 1]]
    assert classical.match(first, twin).tolist() == [[1, 2]]  # 0번은 둘 다 비슷하게 가깝습니다.


def test_words_are_the_centres_of_the_groups():
    low, high = np.zeros((5, 128), np.float32), np.full((5, 128), 9, np.float32)
    words = classical.learn_words([low, high], num_words=2)
    assert sorted(words.cluster_centers_[:, 0].tolist()) == [0, 9]
    histograms = classical.word_histograms(words, [low, np.concatenate([low, high]), low[:0]])
    assert sorted(histograms[0].tolist()) == [0, 1]
    assert histograms[1].tolist() == [0.5, 0.5]
    assert histograms[2].tolist() == [0, 0]


# --- SVM ------------------------------------------------------------------------------------------


def test_margin_of_two_points_is_their_distance():
    # (−1, 0)과 (1, 0): w = (1, 0), b = 0, 마진은 2 / |w| = 2입니다.
    model = classical.linear_svm(np.array([[-1.0, 0], [1, 0]]), np.array([0, 1]), c=100)
    np.testing.assert_allclose(model.coef_, [[1, 0]], atol=1e-6)
    np.testing.assert_allclose(model.intercept_, 0, atol=1e-6)
    assert len(model.support_) == 2


def test_rbf_separates_what_no_line_can():
    corners, labels = np.array([[0, 0], [1, 1], [0, 1], [1, 0]]), np.array([0, 0, 1, 1])
    assert classical.error_rate(classical.rbf_svm(corners, labels), corners, labels) == 0
    assert classical.error_rate(classical.linear_svm(corners, labels), corners, labels) > 0


@pytest.mark.parametrize("fit", [classical.linear_svm, classical.rbf_svm])
@pytest.mark.parametrize("extract", [classical.pixel_features, classical.hog_features])
def test_svms_read_the_embedded_digits(digits, fit, extract):
    (images, labels), (test_images, test_labels) = digits
    model = fit(extract(images), labels)
    assert classical.error_rate(model, extract(test_images), test_labels) < 15  # 찍으면 90%


def test_bag_of_words_reads_the_embedded_digits(digits):
    (images, labels), (test_images, test_labels) = digits
    train = [classical.sift_features(image)[1] for image in images[:60]]
    test = [classical.sift_features(image)[1] for image in test_images[:30]]
    words = classical.learn_words(train, num_words=30)
    model = classical.rbf_svm(classical.word_histograms(words, train), labels[:60])
    error = classical.error_rate(model, classical.word_histograms(words, test), test_labels[:30])
    assert error < 65


# --- 흔한 잘못 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: classical.digit_pixels(np.zeros((2, 28, 28))), r"\(N, 1, 32, 32\)"),
        (lambda: classical.pixel_features(np.zeros((2, 8, 8, 3))), "rgb2gray"),
        (lambda: classical.hog_features(np.full((2, 28, 28), 255)), "255로 나누"),
        (lambda: classical.hog_features(np.full((2, 28, 28), np.nan)), "0~1"),
        (lambda: classical.hog_features(np.zeros((2, 7, 7))), "cell을 줄이거나"),
        (lambda: classical.learn_words([np.zeros((3, 128))], num_words=4), "num_words를 줄이"),
        (lambda: classical.rbf_svm(np.zeros((3, 2)), np.zeros(2)), "pixel_features"),
        (lambda: classical.rbf_svm(np.zeros((3, 4, 4)), np.arange(3)), "pixel_features"),
        (lambda: classical.linear_svm(np.zeros((3, 2)), np.zeros(3)), "클래스가 하나"),
    ],
)
def test_wrong_input_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
