"""What is asked of an editor in its page."""

# Where the picture lies, and CSS pixels a picture pixel.
PLACE = """([root, photo]) => {
    const world = root.querySelector('.rqe-world');
    const box = world.getBoundingClientRect();
    return [box.left, box.top, box.width / photo];
}"""

# Whether nothing drawn is left over the picture, and the picture is there.
SHOWN = """root => {
    const over = root.querySelector('.rqe-over');
    if (root.dataset.waiting !== '0' || !over.width || !over.height) return false;
    const { data } = over.getContext('2d').getImageData(0, 0, over.width, over.height);
    return data.every((value, index) => index % 4 < 3 || !value);
}"""

# Whether the picture's own pixels are shown wherever it is on the stage, and no more of it.
CLOSE_UP = """([root, photo]) => {
    const detail = root.querySelector('.rqe-detail');
    if (root.dataset.waiting !== '0' || detail.hidden) return false;
    const [stage, world, shown] = [root.querySelector('.rqe-stage'), root.querySelector('.rqe-world'), detail]
        .map(element => element.getBoundingClientRect());
    const pixel = world.width / photo;
    const sides = [['left', 'max'], ['top', 'max'], ['right', 'min'], ['bottom', 'min']];
    const seen = ([side, least]) => Math[least](stage[side], world[side]);
    return sides.every(side => Math.abs(seen(side) - shown[side[0]]) <= pixel + 1);
}"""

# Whether the canvas of the mask is opaque at a place, given in shares of its sides.
INKED = """([root, x, y]) => {
    const canvas = root.querySelector('.rqe-tint canvas.rqe-live');
    if (!canvas) return null;
    const [column, row] = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
    return canvas.getContext('2d').getImageData(column, row, 1, 1).data[3] > 127;
}"""
