"""Where in a frame faces are captured: polygons, and what becomes of faces outside."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st

import facecap
from facecap.testing import scripted_pipeline

GRID = 8  # corners and middles on whole places of a frame of this many pixels, so that edges are met
LEFT = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]
RIGHT = [(0.5, 0), (1, 0), (1, 1), (0.5, 1)]
FACE = (37, 20)  # cell of a face whose middle is at x 900 of 1920, y 492 of 1080


def allowed(x: float, y: float, **areas) -> bool:
    return facecap.Areas(**areas).allow((x - 1, y - 1, x + 1, y + 1), (GRID, GRID))


def shares(polygon):
    return [(x / GRID, y / GRID) for x, y in polygon]


def across(a, b, p) -> int:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def on_edge(a, b, p) -> bool:
    return across(a, b, p) == 0 and all(min(a[i], b[i]) <= p[i] <= max(a[i], b[i]) for i in (0, 1))


def inside(polygon, p) -> bool:
    """By crossings of a ray upward, in whole numbers; edges count."""
    odd = False
    for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if on_edge(a, b, p):
            return True
        if (a[0] > p[0]) != (b[0] > p[0]):
            odd ^= a[1] + Fraction((p[0] - a[0]) * (b[1] - a[1]), b[0] - a[0]) < p[1]
    return odd


places = st.tuples(st.integers(0, GRID), st.integers(0, GRID))


@given(st.lists(places, min_size=3, max_size=12), places)
def test_a_point_is_inside_of_any_polygon_by_the_even_odd_rule(polygon, p):
    try:
        found = allowed(*p, only=[shares(polygon)])
    except ValueError as error:
        assert "has no area" in str(error)
        lines = [(polygon[0], b) for b in polygon if b != polygon[0]]
        across = {
            (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) for a, b in lines for c in polygon
        }
        assert across <= {0}
        return
    assert found == inside(polygon, p)
    assert allowed(*p, ignore=[shares(polygon)]) == (not found)


@given(st.lists(places, min_size=3, max_size=8), places, st.integers(0, 7))
def test_where_a_polygon_begins_and_which_way_it_goes_is_the_same(polygon, p, turn):
    turn %= len(polygon)
    try:
        answer = allowed(*p, only=[shares(polygon)])
    except ValueError:
        return
    assert allowed(*p, only=[shares(polygon[turn:] + polygon[:turn])]) == answer
    assert allowed(*p, only=[shares(polygon[::-1])]) == answer


def test_the_middle_of_a_star_that_crosses_itself_is_outside():
    star = [(4 + 4 * math.sin(k * 4 * math.pi / 5), 4 - 4 * math.cos(k * 4 * math.pi / 5)) for k in range(5)]
    assert not allowed(4, 4, only=[shares(star)])
    assert allowed(4, 1, only=[shares(star)])


def test_a_notch_of_a_polygon_is_outside():
    horseshoe = shares([(0, 0), (8, 0), (8, 8), (6, 8), (6, 2), (2, 2), (2, 8), (0, 8)])
    assert [x for x in (1, 2, 3, 5, 6, 7) if allowed(x, 6, only=[horseshoe])] == [1, 2, 6, 7]


def test_what_is_ignored_wins_over_what_alone_counts():
    areas = {"only": [LEFT], "ignore": [[(0, 0), (0.25, 0), (0.25, 1), (0, 1)]]}
    assert [allowed(x, 4, **areas) for x in (1, 3, 5)] == [False, True, False]
    assert [allowed(x, 4, only=[LEFT, RIGHT]) for x in (1, 4, 5)] == [True] * 3
    assert allowed(4, 4) and not facecap.Areas()


def test_a_face_that_reaches_out_of_the_frame_counts_at_its_edge():
    assert facecap.Areas(only=[LEFT]).allow((-60, 10, 40, 90), (100, 100))
    assert not facecap.Areas(only=[RIGHT]).allow((-60, 10, 40, 90), (100, 100))


@pytest.mark.parametrize(
    ("areas", "text"),
    [
        ({"ignore": [[(0, 0), (1, 1)]]}, r"ignore\[0\] has 2 corners, wanted 3 to 256"),
        ({"only": [LEFT, [(0, 0)] * 257]}, r"only\[1\] has 257 corners, wanted 3 to 256"),
        ({"only": [LEFT, [(0, 0), (1.5, 0), (1, 1)]]}, r"only\[1\]\[1\] is \(1.5, 0\), wanted shares"),
        ({"only": [[(0, 0), (1, -0.1), (1, 1)]]}, r"only\[0\]\[1\] is \(1, -0.1\), wanted shares"),
        ({"only": [[(0, 0), (1, 0), (1, float("nan"))]]}, r"only\[0\]\[2\] is \(1, nan\), wanted shares"),
        ({"ignore": [[(0, 0), (0.5, 0.5), (1, 1)]]}, r"ignore\[0\] has no area"),
        ({"ignore": [[(0.5, 0.5)] * 3]}, r"ignore\[0\] has no area"),
        ({"ignore": [LEFT] * 65}, r"ignore has 65 polygons, wanted at most 64"),
        ({"ignore": LEFT}, r"ignore\[0\]\[0\] is 0, wanted two numbers"),
        ({"only": "everywhere"}, r"only is 'everywhere', wanted a sequence of polygons"),
        ({"only": [7]}, r"only\[0\] is 7, wanted a sequence of corners"),
        ({"only": [[(0, 0), (1, 0), (1, 10**400)]]}, r"only\[0\]\[2\] is .* wanted two numbers"),
        ({"only": [[(0, 0), (1, 0), (True, "1")]]}, r"only\[0\]\[2\] is .* wanted two numbers"),
    ],
)
def test_what_is_no_area_is_refused_by_its_place(areas, text):
    with pytest.raises((ValueError, TypeError), match=text):
        facecap.Areas(**areas)


def test_areas_are_values():
    areas = facecap.Areas(ignore=[LEFT], only=[RIGHT])
    assert facecap.Areas(**areas.to_dict()) == areas
    assert len({areas, facecap.Areas(**areas.to_dict()), facecap.Areas()}) == 2


def test_areas_go_to_another_process():
    areas = facecap.Areas(ignore=[[(0, 0), (0.5, 0), (0.5, 1)]], only=[[(0, 0), (1, 0), (1, 1)]])
    again = pickle.loads(pickle.dumps(areas))
    assert again == areas
    assert not again.allow((20, 20, 30, 30), (100, 100)) and again.allow((80, 20, 90, 30), (100, 100))


def pipeline(areas=None, **config) -> facecap.FaceCapture:
    capture = scripted_pipeline(facecap.CaptureConfig(**{"mode": "fast", "interval": 5, **config}))
    if areas is not None:
        capture.areas = areas
    return capture


def test_a_face_outside_is_followed_and_not_captured():
    capture = pipeline(facecap.Areas(only=[RIGHT]))
    results = [capture.process(scripted.frame(FACE)) for _ in range(15)]
    assert not any(result.captures for result in results)
    assert results[-1].faces.track_ids.tolist() == [1] and results[-1].faces.stable.all()
    assert results[-1].faces.reasons == ("outside_area",)
    assert results[0].faces.reasons == ("track_unconfirmed",)
    assert results[-1].classified == 0


def test_outside_is_said_before_what_else_a_face_lacks():
    capture = pipeline(facecap.Areas(ignore=[LEFT]), min_hits=1, min_face=300)
    assert capture.process(scripted.frame(FACE)).faces.reasons == ("outside_area",)


def test_areas_that_are_set_are_at_work_from_the_next_frame_on():
    capture = pipeline(min_hits=1)
    assert [c.sequence for c in capture.process(scripted.frame(FACE)).captures] == [1]
    capture.areas = facecap.Areas(ignore=[LEFT])
    results = [capture.process(scripted.frame(FACE)) for _ in range(12)]
    assert {reason for result in results for reason in result.faces.reasons} == {"outside_area"}
    capture.areas = facecap.Areas()
    captures = [c for _ in range(3) for c in capture.process(scripted.frame(FACE)).captures]
    assert [(c.track_id, c.sequence, c.shot_frame) for c in captures] == [(1, 2, 13)]


def test_a_shot_that_was_kept_inside_comes_though_the_visit_ends_outside():
    capture = pipeline(mode="once", min_hits=1, miss_limit=3)
    capture.process(scripted.frame(FACE))
    capture.areas = facecap.Areas(ignore=[LEFT])
    frames = [scripted.frame(FACE)] * 5 + [scripted.frame()] * 4
    captures = [c for frame in frames for c in capture.process(frame).captures]
    assert [(c.kind, c.shot_frame) for c in captures] == [("lost", 0)]


def test_areas_stay_when_a_pipeline_starts_anew():
    capture = pipeline(facecap.Areas(ignore=[LEFT]), min_hits=1)
    capture.process(scripted.frame(FACE))
    capture.reset()
    assert capture.areas.ignore
    assert capture.process(scripted.frame(FACE)).faces.reasons == ("outside_area",)


def test_what_is_set_must_be_areas():
    capture = pipeline()
    with pytest.raises(TypeError, match="areas is dict, wanted Areas"):
        capture.areas = {"ignore": [LEFT]}
    with pytest.raises(TypeError, match="areas is list, wanted Areas"):
        facecap.FaceCapture(areas=[LEFT])


def test_areas_given_to_a_pipeline_hold_from_its_first_frame():
    model = pipeline()
    capture = facecap.FaceCapture(
        facecap.CaptureConfig(mode="fast", min_hits=1),
        detector=model.detector,
        classifier=model.classifier,
        refiner=False,
        areas=facecap.Areas(only=[RIGHT]),
    )
    assert capture.process(scripted.frame(FACE)).faces.reasons == ("outside_area",)


def test_corners_on_one_line_are_no_area_whatever_rounding_leaves():
    with pytest.raises(ValueError, match=r"only\[0\]"):
        facecap.Areas(only=[[(0.1, 0.2), (0.2, 0.3), (0.3, 0.4)]])
