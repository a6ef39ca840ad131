/* SPDX-License-Identifier: MIT */

/*
 * The picture, from top to bottom: title, subtitle, a row a bar, ticks, unit. Widths of texts are
 * estimates, since fonts are the viewer's; the estimate is generous.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/chart.h"
#include "ctl/text.h"

#define LABEL_WIDTH 260
#define PLOT_WIDTH  560.0
#define EDGE        20.0
#define VALUE_WIDTH 62.0  /* beside the end of a bar */
#define MANY        30    /* bars; from there on the ticks stand at the top as well */
#define LONG        1e7   /* numbers with that many digits */
#define VALUE_MAX   1e300 /* beyond it a difference might not be finite */

/* Where things are. */
struct plan {
    struct chart_axis axis;
    double left, right, zero; /* of the plot, horizontally, and of the value 0 */
    double row, bar;          /* heights */
    double top, bottom, width, height;
    int decimals;
};

/* Code points that XML has no place for, though UTF-8 has: U+FFFE and U+FFFF. */
static bool
is_noncharacter(const char *text)
{
    return strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0;
}

static void
put_text(FILE *file, const char *text, size_t length)
{
    for (const char *c = text; c < text + length; c++) {
        if (*c == '&')
            fputs("&amp;", file);
        else if (*c == '<')
            fputs("&lt;", file);
        else if (*c == '>')
            fputs("&gt;", file);
        else if (is_noncharacter(c)) {
            fputs("\xef\xbf\xbd", file);
            c += 2;
        } else {
            fputc(*c, file);
        }
    }
}

/* Of a font of 13 px, of those in common use one of the wider. */
static int
text_pixels(const char *character, int columns)
{
    if (columns != 1)
        return columns * 8;
    if (strchr(" !'(),-./:;I[]fijlrt|", *character))
        return 6;
    if (strchr("%@MWmw", *character))
        return 13;
    return (*character >= 'a' && *character <= 'z') || (*character >= '0' && *character <= '9')
               ? 8
               : 10;
}

static void
put_cut_text(FILE *file, const char *text, int room)
{
    struct text_cut cut = text_cut(text, room, text_pixels);

    put_text(file, text, (size_t)cut.head);
    fputs(cut.mark, file);
    put_text(file, cut.tail, strlen(cut.tail));
}

struct chart_axis
chart_find_axis(double lowest, double highest)
{
    double low = fmax(fmin(lowest, 0), -VALUE_MAX), high = fmin(fmax(highest, 0), VALUE_MAX);
    double raw, power, factor;

    if (high - low < 1e-300) /* all are zero */
        high = 1;
    raw = (high - low) / 8;
    power = pow(10, floor(log10(raw)));
    factor = raw / power;
    factor = factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10;
    return (struct chart_axis){
        .low = floor(low / (factor * power)) * factor * power,
        .high = ceil(high / (factor * power)) * factor * power,
        .step = factor * power,
    };
}

static struct plan
make_plan(const struct chart *chart)
{
    struct plan plan = {.left = 0};
    double lowest = 0, highest = 0, pad;
    int label = 0;

    for (size_t i = 0; i < chart->n_bars; i++) {
        int width = text_cut(chart->bars[i].label, LABEL_WIDTH, text_pixels).width;

        lowest = fmin(lowest, chart->bars[i].value);
        highest = fmax(highest, chart->bars[i].value);
        if (chart->mark) {
            lowest = fmin(lowest, chart->bars[i].mark);
            highest = fmax(highest, chart->bars[i].mark);
        }
        label = width > label ? width : label;
    }
    plan.axis = chart_find_axis(lowest, highest);
    plan.decimals = (int)fmax(1, fmin(6, 1 - floor(log10(plan.axis.step))));
    /* The figure at the end of a negative bar must not run into the labels. */
    pad = lowest < 0 ? VALUE_WIDTH : 0;
    plan.left = EDGE + label + 12 + pad;
    plan.right = plan.left + PLOT_WIDTH - pad;
    plan.zero = plan.left +
                (0 - plan.axis.low) / (plan.axis.high - plan.axis.low) * (plan.right - plan.left);
    plan.row = chart->n_bars > MANY ? 20 : 28;
    plan.bar = round(plan.row * 0.68);
    plan.top = chart->n_bars > MANY ? 90 : 76;
    plan.bottom = plan.top + plan.row * (double)chart->n_bars;
    plan.width = plan.right + VALUE_WIDTH + EDGE;
    plan.height = plan.bottom + 56;
    return plan;
}

static double
find_x(const struct plan *plan, double value)
{
    double part = (fmax(-VALUE_MAX, fmin(VALUE_MAX, value)) - plan->axis.low) /
                  (plan->axis.high - plan->axis.low);

    return plan->left + part * (plan->right - plan->left);
}

/* A minus sign as long as a plus. With fewer decimals than none, or where they would be long, 3 digits. */
static void
put_number(FILE *file, double number, int decimals)
{
    char text[64];

    if (decimals < 0 || fabs(number) >= LONG)
        snprintf(text, sizeof(text), "%.3g", fabs(number));
    else
        snprintf(text, sizeof(text), "%.*f", decimals, fabs(number));
    if (number < 0 && strspn(text, "0.") < strlen(text))
        fputs("−", file);
    fputs(text, file);
}

static void
put_tick_label(FILE *file, const struct plan *plan, double x, double y, double value)
{
    bool is_long = plan->axis.high >= LONG || plan->axis.low <= -LONG;
    int decimals = is_long ? -1 : plan->axis.step >= 1 ? 0 : plan->decimals - 1;

    fprintf(file, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">", x, y);
    put_number(file, value, decimals);
    fputs("</text>\n", file);
}

static void
write_axis(FILE *file, const struct chart *chart, const struct plan *plan)
{
    int n_steps = (int)round((plan->axis.high - plan->axis.low) / plan->axis.step);

    for (int i = 0; i <= n_steps; i++) {
        double value = plan->axis.low + i * plan->axis.step;
        double x = round(find_x(plan, value)) + 0.5;

        fprintf(file, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, plan->top - 4,
                plan->bottom + 4);
        put_tick_label(file, plan, x, plan->bottom + 20, value);
        if (chart->n_bars > MANY)
            put_tick_label(file, plan, x, plan->top - 9, value);
    }
    fprintf(file, "<text class=\"unit\" x=\"%.1f\" y=\"%.1f\">", (plan->left + plan->right) / 2,
            plan->bottom + 42);
    put_text(file, chart->unit, strlen(chart->unit));
    fputs("</text>\n", file);
}

static void
write_label(FILE *file, const char *label, double x, double y)
{
    fprintf(file, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\">", x, y);
    put_cut_text(file, label, LABEL_WIDTH);
    fputs("</text>\n", file);
}

/* Over the whole row, so that the marks of even bars make a line. */
static void
write_mark(FILE *file, const struct plan *plan, double x, size_t index)
{
    double top = plan->top + plan->row * (double)index;

    fprintf(file, "<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>\n", x, top, top + plan->row);
}

/* What the marks are, below the right end of the axis. */
static void
write_legend(FILE *file, const struct chart *chart, const struct plan *plan)
{
    double y = plan->bottom + 42;

    fprintf(file, "<text class=\"legend\" x=\"%.1f\" y=\"%.1f\">", plan->right, y);
    put_text(file, chart->mark, strlen(chart->mark));
    fprintf(file, "</text>\n<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>\n", plan->right + 10,
            y - 13, y + 4);
}

static void
write_bar(FILE *file, const struct plan *plan, const struct chart *chart, size_t index)
{
    const struct chart_bar *bar = &chart->bars[index];
    double top = plan->top + plan->row * (double)index + (plan->row - plan->bar) / 2;
    double x = find_x(plan, bar->value), text_y = top + plan->bar / 2 + 4.5;
    double text_x = bar->value < 0 ? x - 6 : x + 6;
    double label_x = plan->left - (plan->axis.low < 0 ? VALUE_WIDTH : 0) - 12;

    fputs("<g><title>", file);
    put_text(file, bar->label, strlen(bar->label));
    fputs(bar->note[0] ? ": " : "", file);
    put_text(file, bar->note, strlen(bar->note));
    fputs("</title>\n", file);
    write_label(file, bar->label, label_x, text_y);
    fprintf(file, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            fmin(x, plan->zero), top, fmax(0.5, fabs(x - plan->zero)), plan->bar);
    if (chart->mark) {
        write_mark(file, plan, find_x(plan, bar->mark), index);
        if (bar->value >= 0) /* the figure stands beside both */
            text_x = fmax(text_x, find_x(plan, bar->mark) + 6);
    }
    fprintf(file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">",
            bar->value < 0 ? "value below" : "value", text_x, text_y);
    put_number(file, bar->value, plan->decimals);
    fputs("</text></g>\n", file);
}

static void
write_head(FILE *file, const struct chart *chart, const struct plan *plan)
{
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.0f\" "
            "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<title>",
            plan->width, plan->height, plan->width, plan->height);
    put_text(file, chart->title, strlen(chart->title));
    fputs("</title>\n"
          "<style>text{font:13px sans-serif;fill:#222}.title{font-size:19px;font-weight:bold}"
          ".subtitle,.tick,.unit{fill:#666}.subtitle,.tick{font-size:12px}"
          ".tick,.unit{text-anchor:middle}.label,.below{text-anchor:end}"
          ".value{font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:3px}"
          ".legend{text-anchor:end;font-size:12px}.mark{stroke:#d1662b;stroke-width:2px;fill:none}"
          ".grid{stroke:#ddd;fill:none}.zero{stroke:#666;fill:none}.bar{fill:#4a7fb5}</style>\n"
          "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
          "<text class=\"title\" x=\"20\" y=\"32\">",
          file);
    put_text(file, chart->title, strlen(chart->title));
    fputs("</text>\n<text class=\"subtitle\" x=\"20\" y=\"52\">", file);
    put_cut_text(file, chart->subtitle, (int)(plan->width - 2 * EDGE));
    fputs("</text>\n", file);
}

void
chart_write(FILE *file, const struct chart *chart)
{
    struct plan plan = make_plan(chart);

    write_head(file, chart, &plan);
    write_axis(file, chart, &plan);
    for (size_t i = 0; i < chart->n_bars; i++)
        write_bar(file, &plan, chart, i);
    if (chart->mark)
        write_legend(file, chart, &plan);
    fprintf(file, "<path class=\"zero\" d=\"M%.1f %.1fV%.1f\"/>\n</svg>\n", round(plan.zero) + 0.5,
            plan.top - 4, plan.bottom + 4);
}
