#pragma once
/*
 * The manual pages and the shells' completions, printed from the table of commands and the table of
 * configuration keys. The build runs them through "tocsin help --format F" and installs what they
 * say.
 */
#include <stdio.h>

void manual_page(FILE *to); /* tocsin.1 */
void manual_conf(FILE *to); /* tocsin.conf.5 */
void manual_bash(FILE *to);
void manual_zsh(FILE *to);
void manual_fish(FILE *to);
