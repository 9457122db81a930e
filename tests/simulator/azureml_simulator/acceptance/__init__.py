# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A walk through the service that is recorded on Azure, replayed here, and compared fact by fact.

`walk` has the steps, `record` sends them, `masks` takes out what is the user's, `compare` replays a recording and finds which guesses it settles.
"""
