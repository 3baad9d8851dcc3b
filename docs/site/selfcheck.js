// Self-checks on the site, without a kernel: marked by the rules of utils/selfcheck.py.
// tests/markings.csv holds both to them. The answers come in selfcheck_data.js.
"use strict";

const PASS_MARK = 0.8;
const JOINTS = /\b(?:and|or|both|only|answers?|und|oder|beide|nur)\b|[^a-z0-9]/g;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/;

function decimals(text) {
  return (text.split(".")[1] ?? "").length;
}

function readings(given) {
  let text = given.trim().toLowerCase().replace("\u2212", "-");
  const percent = text.endsWith("%");
  text = text.replace(/%$/, "").trim();
  text = text.replace(/(\d)[ _'\u2019\u00a0\u202f](?=\d{3}\b)/g, "$1");
  const fraction = text.match(/^(-?\d+)\s*\/\s*(\d+)$/);
  if (fraction) {
    return Number(fraction[2]) ? [[fraction[1] / fraction[2], 15]] : [];
  }
  const forms = new Set([
    text,
    text.replaceAll(",", "."), // a decimal comma
    text.replace(/,(?=\d{3}\b)/g, ""), // English thousands
    text.replace(/\.(?=\d{3}\b)/g, "").replaceAll(",", "."), // German ones
  ]);
  const found = [...forms]
    .filter((form) => NUMBER.test(form))
    .map((form) => [Number(form), decimals(form)]);
  const shares = found.map(([value, count]) => [value / 100, count + 2]);
  return percent ? [...found, ...shares] : found;
}

function agrees(value, exact, wanted) {
  if (!wanted) {
    return Math.abs(value - exact) <= 1e-9 * Math.max(1, Math.abs(exact));
  }
  const near = Math.abs(value - exact) <= 0.5000001 * 10 ** -wanted;
  return near || value === Number(exact.toPrecision(3));
}

function markAnswer(given, right) {
  if (/^[a-z]+$/.test(right)) {
    const letters = given.toLowerCase().replace(JOINTS, "");
    if (!/^[a-h]+$/.test(letters)) {
      return ["open", 'answer with letters, such as "ac" for (a) and (c)'];
    }
    const same = [...new Set(letters)].sort().join("") === [...right].sort().join("");
    return [same ? "right" : "wrong", ""];
  }
  const values = readings(given);
  if (!values.length) {
    return ["open", "answer with a number, such as 42 or 0.5"];
  }
  const exact = Number(right);
  const wanted = decimals(right);
  if (values.some(([value]) => agrees(value, exact, wanted))) {
    return ["right", ""];
  }
  for (const [value, count] of values) {
    if (wanted && count < wanted && Number(exact.toFixed(count)) === value) {
      return ["open", `right so far; give it to ${wanted} decimals`];
    }
    if (!wanted && Math.abs(value - exact) < 0.5) {
      return ["open", "close, but the answer is a whole number"];
    }
  }
  return ["wrong", ""];
}

function unpack(packed) {
  return JSON.parse(atob(packed)).map(([answer, why]) => ({ answer, why }));
}

function report(questions, given) {
  const marks = given.map((text, index) =>
    text.trim() ? markAnswer(text, questions[index].answer) : ["empty", ""],
  );
  const right = marks.filter(([verdict]) => verdict === "right").length;
  const passed = right / questions.length >= PASS_MARK;
  const share = Math.round((100 * right) / questions.length);
  const lines = [`${right} of ${questions.length} right (${share}%).`];
  lines[0] += passed ? " Passed." : "";
  marks.forEach(([verdict, hint], index) => {
    const { answer, why } = questions[index];
    if (verdict === "right" || passed) {
      lines.push(`${index + 1}: ${answer}. ${why}`);
    } else if (verdict === "open") {
      lines.push(`Question ${index + 1}: ${hint}.`);
    } else if (verdict === "wrong") {
      lines.push(`Look again at question ${index + 1}.`);
    }
  });
  return lines;
}

function makeForm(section, questions) {
  const form = document.createElement("form");
  form.className = "selfcheck";
  form.setAttribute("aria-label", `Self-check ${section}`);
  const fields = questions.map((_, index) => {
    const label = document.createElement("label");
    label.textContent = `Answer ${index + 1} `;
    const field = document.createElement("input");
    field.autocomplete = "off";
    label.append(field);
    form.append(label);
    return field;
  });
  const button = document.createElement("button");
  button.textContent = "Check";
  const verdict = document.createElement("div");
  verdict.setAttribute("role", "status");
  form.append(button, verdict);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = fields.map((field) => field.value);
    const lines = given.some((text) => text.trim())
      ? report(questions, given)
      : ['Nothing answered yet. Type a number, or letters such as "ac".'];
    verdict.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      }),
    );
  });
  return form;
}

document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll("div.cell.tag_selfcheck")) {
    const section = cell.textContent.match(/check\(\s*"([^"]+)"/)?.[1];
    const packed = (window.SELFCHECK ?? {})[section];
    if (packed) {
      cell.replaceChildren(makeForm(section, unpack(packed)));
    }
  }
});
