// Two pens with the same strokes: one draws on a canvas, one writes SVG.

const round = (x) => Math.round(x * 100) / 100;

/** Draws on a canvas; all sizes are CSS pixels. */
export class CanvasPen {
  constructor(context) {
    this.context = context;
  }

  /** A curve [x, y, x, y, …]; NaN breaks it. */
  line(points, { stroke, width = 1.5, dash = [], alpha = 1 }) {
    const { context } = this;
    context.save();
    Object.assign(context, { strokeStyle: stroke, lineWidth: width, globalAlpha: alpha, lineJoin: "round" });
    context.setLineDash(dash);
    context.beginPath();
    let isDown = false;
    for (let k = 0; k + 1 < points.length; k += 2) {
      const isThere = Number.isFinite(points[k]) && Number.isFinite(points[k + 1]);
      if (isThere && isDown) context.lineTo(points[k], points[k + 1]);
      else if (isThere) context.moveTo(points[k], points[k + 1]);
      isDown = isThere;
    }
    context.stroke();
    context.restore();
  }

  /** Separate segments [x, y, x, y] in one stroke. */
  segments(points, style) {
    const broken = [];
    for (let k = 0; k + 3 < points.length; k += 4) {
      broken.push(points[k], points[k + 1], points[k + 2], points[k + 3], NaN, NaN);
    }
    this.line(broken, style);
  }

  polygon(points, { fill = "none", stroke = "none", width = 1.4, alpha = 1 }) {
    const { context } = this;
    context.save();
    context.globalAlpha = alpha;
    context.beginPath();
    for (let k = 0; k + 1 < points.length; k += 2) context.lineTo(points[k], points[k + 1]);
    context.closePath();
    if (fill !== "none") {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke !== "none") {
      Object.assign(context, { strokeStyle: stroke, lineWidth: width });
      context.stroke();
    }
    context.restore();
  }

  circle(x, y, radius, style) {
    const points = [];
    for (let k = 0; k < 24; k += 1) {
      const angle = (k * Math.PI) / 12;
      points.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    this.polygon(points, style);
  }

  text(x, y, words, { fill, size = 12, anchor = "start", turn = 0, bold = false }) {
    const { context } = this;
    context.save();
    context.translate(x, y);
    context.rotate(turn);
    Object.assign(context, {
      fillStyle: fill, textAlign: anchor === "middle" ? "center" : anchor,
      font: `${bold ? "600 " : ""}${size}px system-ui, sans-serif`,
    });
    context.fillText(words, 0, 0);
    context.restore();
  }

  picture(canvas, x, y, width, height, alpha) {
    this.context.save();
    Object.assign(this.context, { globalAlpha: alpha, imageSmoothingEnabled: false });
    this.context.drawImage(canvas, x, y, width, height);
    this.context.restore();
  }

  /** Draw what `inside` draws, cut off at a rectangle. */
  clipped(x, y, width, height, inside) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
    inside();
    this.context.restore();
  }
}

/** Writes SVG; `text()` is the whole drawing. */
export class SvgPen {
  constructor(width, height, paper) {
    this.parts = [`<rect width="${width}" height="${height}" fill="${paper}"/>`];
    Object.assign(this, { width, height, clips: 0 });
  }

  toText() {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" `
      + `width="${this.width}" height="${this.height}" font-family="system-ui, sans-serif">\n`
      + `${this.parts.join("\n")}\n</svg>\n`;
  }

  line(points, { stroke, width = 1.5, dash = [], alpha = 1 }) {
    const words = [];
    let isDown = false;
    for (let k = 0; k + 1 < points.length; k += 2) {
      const isThere = Number.isFinite(points[k]) && Number.isFinite(points[k + 1]);
      if (isThere) words.push(`${isDown ? "L" : "M"}${round(points[k])} ${round(points[k + 1])}`);
      isDown = isThere;
    }
    if (words.length === 0) return;
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    const faint = alpha < 1 ? ` opacity="${alpha}"` : "";
    this.parts.push(`<path d="${words.join("")}" fill="none" stroke="${stroke}" `
      + `stroke-width="${width}" stroke-linejoin="round"${dashes}${faint}/>`);
  }

  segments(points, style) {
    CanvasPen.prototype.segments.call(this, points, style);
  }

  polygon(points, { fill = "none", stroke = "none", width = 1.4, alpha = 1 }) {
    const places = Array.from(points, round).join(" ");
    const edge = stroke === "none" ? "" : ` stroke="${stroke}" stroke-width="${width}"`;
    const faint = alpha < 1 ? ` opacity="${alpha}"` : "";
    this.parts.push(`<polygon points="${places}" fill="${fill}"${edge}${faint}/>`);
  }

  circle(x, y, radius, { fill = "none", stroke = "none", width = 1.4 }) {
    this.parts.push(`<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${fill}" `
      + `stroke="${stroke}" stroke-width="${width}"/>`);
  }

  text(x, y, words, { fill, size = 12, anchor = "start", turn = 0, bold = false }) {
    const turned = turn === 0 ? "" : ` transform="rotate(${round((turn * 180) / Math.PI)} ${round(x)} ${round(y)})"`;
    const weight = bold ? ' font-weight="600"' : "";
    this.parts.push(`<text x="${round(x)}" y="${round(y)}" fill="${fill}" font-size="${size}" `
      + `text-anchor="${anchor}"${weight}${turned}>${escaped(words)}</text>`);
  }

  picture(canvas, x, y, width, height, alpha) {
    this.parts.push(`<image href="${canvas.toDataURL()}" x="${round(x)}" y="${round(y)}" `
      + `width="${round(width)}" height="${round(height)}" opacity="${alpha}" `
      + `preserveAspectRatio="none" image-rendering="pixelated"/>`);
  }

  clipped(x, y, width, height, inside) {
    this.clips += 1;
    const name = `clip${this.clips}`;
    this.parts.push(`<clipPath id="${name}"><rect x="${x}" y="${y}" width="${width}" `
      + `height="${height}"/></clipPath><g clip-path="url(#${name})">`);
    inside();
    this.parts.push("</g>");
  }
}

function escaped(words) {
  return String(words).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
