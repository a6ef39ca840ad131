/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Calendar dates as the number of days since 1970-01-01 (proleptic Gregorian),
 * so that comparing and counting them is integer arithmetic. Text is always
 * YYYY-MM-DD; years 0001 to 9999.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATE_LENGTH 10        /* bytes of YYYY-MM-DD */
#define DATE_MIN    (-719162) /* 0001-01-01 */
#define DATE_MAX    2932896   /* 9999-12-31 */

struct date_civil {
    int year;  /* 1 to 9999 */
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* Reads exactly the length bytes of text. False, and nothing set, unless they are a date that exists. */
bool date_parse(const char *text, size_t length, int32_t *datep);

/* Writes YYYY-MM-DD and a terminating zero. date must lie within DATE_MIN and DATE_MAX. */
void date_format(int32_t date, char text[DATE_LENGTH + 1]);

/* The year, month and day of a date within DATE_MIN and DATE_MAX, and back. */
struct date_civil date_to_civil(int32_t date);
int32_t date_from_civil(struct date_civil civil);

/* The English name of month 1 to 12, and the month of such a name, or 0. */
const char *date_month_name(int month);
int date_month_parse(const char *name);
