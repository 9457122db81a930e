# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows names of time zones, which schedules need, and the names of the tz database that people write instead.

Sources: TimeZone of azure-ai-ml 1.35, and windowsZones of Unicode CLDR, which has a few newer names of Windows.
"""

from __future__ import annotations

import difflib
import typing as t

# A Windows name in a line, and behind it the areas and places of the tz database that it covers.
_NAMES = """
AUS Central Standard Time: Australia/Darwin,North
AUS Eastern Standard Time: Australia/ACT,Canberra,Melbourne,NSW,Sydney,Victoria
Afghanistan Standard Time: Asia/Kabul
Alaskan Standard Time: America/Anchorage,Juneau,Metlakatla,Nome,Sitka,Yakutat
Alberta Standard Time:
Aleutian Standard Time: America/Adak,Atka
Altai Standard Time: Asia/Barnaul
Arab Standard Time: Asia/Aden,Bahrain,Kuwait,Qatar,Riyadh
Arabian Standard Time: Asia/Dubai,Muscat
Arabic Standard Time: Asia/Baghdad
Argentina Standard Time: America/Argentina/Buenos_Aires,Argentina/Catamarca,Argentina/ComodRivadavia,Argentina/Cordoba,Argentina/Jujuy
  America/Argentina/La_Rioja,Argentina/Mendoza,Argentina/Rio_Gallegos,Argentina/Salta,Argentina/San_Juan,Argentina/San_Luis,Argentina/Tucuman
  America/Argentina/Ushuaia,Buenos_Aires,Catamarca,Cordoba,Jujuy,Mendoza,Rosario
Astrakhan Standard Time: Europe/Astrakhan,Ulyanovsk
Atlantic Standard Time: America/Glace_Bay,Goose_Bay,Halifax,Moncton,Thule Atlantic/Bermuda
Aus Central W. Standard Time: Australia/Eucla
Azerbaijan Standard Time: Asia/Baku
Azores Standard Time: America/Scoresbysund Atlantic/Azores
Bahia Standard Time: America/Bahia
Bangladesh Standard Time: Asia/Dacca,Dhaka,Thimbu,Thimphu
Belarus Standard Time: Europe/Minsk
Bougainville Standard Time: Pacific/Bougainville
British Columbia Standard Time:
Canada Central Standard Time: America/Regina,Swift_Current
Cape Verde Standard Time: Atlantic/Cape_Verde
Caucasus Standard Time: Asia/Yerevan
Cen. Australia Standard Time: Australia/Adelaide,Broken_Hill,South,Yancowinna
Central America Standard Time: America/Belize,Costa_Rica,El_Salvador,Guatemala,Managua,Tegucigalpa Pacific/Galapagos
Central Asia Standard Time: Antarctica/Vostok Asia/Bishkek,Kashgar,Urumqi Indian/Chagos
Central Brazilian Standard Time: America/Campo_Grande,Cuiaba
Central Europe Standard Time: Europe/Belgrade,Bratislava,Budapest,Ljubljana,Podgorica,Prague,Tirane
Central European Standard Time: Europe/Sarajevo,Skopje,Warsaw,Zagreb
Central Pacific Standard Time: Antarctica/Casey Pacific/Efate,Guadalcanal,Kosrae,Noumea,Pohnpei,Ponape
Central Standard Time: America/Chicago,Indiana/Knox,Indiana/Tell_City,Knox_IN,Matamoros,Menominee,North_Dakota/Beulah,North_Dakota/Center
  America/North_Dakota/New_Salem,Ojinaga,Rankin_Inlet,Resolute
Central Standard Time (Mexico): America/Bahia_Banderas,Chihuahua,Merida,Mexico_City,Monterrey
Chatham Islands Standard Time: Pacific/Chatham
China Standard Time: Asia/Chongqing,Chungking,Harbin,Hong_Kong,Macao,Macau,Shanghai
Cuba Standard Time: America/Havana
Dateline Standard Time:
E. Africa Standard Time: Africa/Addis_Ababa,Asmara,Asmera,Dar_es_Salaam,Djibouti,Kampala,Mogadishu,Nairobi Antarctica/Syowa Indian/Antananarivo,Comoro
  Indian/Mayotte
E. Australia Standard Time: Australia/Brisbane,Lindeman,Queensland
E. Europe Standard Time: Europe/Chisinau,Tiraspol
E. South America Standard Time: America/Sao_Paulo
Easter Island Standard Time: Pacific/Easter
Eastern Standard Time: America/Detroit,Indiana/Petersburg,Indiana/Vincennes,Indiana/Winamac,Iqaluit,Kentucky/Louisville,Kentucky/Monticello,Louisville
  America/Montreal,Nassau,New_York,Nipigon,Pangnirtung,Thunder_Bay,Toronto
Eastern Standard Time (Mexico): America/Cancun
Egypt Standard Time: Africa/Cairo
Ekaterinburg Standard Time: Asia/Yekaterinburg
FLE Standard Time: Europe/Helsinki,Kiev,Kyiv,Mariehamn,Riga,Sofia,Tallinn,Vilnius
Fiji Standard Time: Pacific/Fiji
GMT Standard Time: Atlantic/Canary,Faeroe,Faroe,Madeira Europe/Belfast,Dublin,Guernsey,Isle_of_Man,Jersey,Lisbon,London
GTB Standard Time: Asia/Famagusta,Nicosia Europe/Athens,Bucharest,Nicosia
Georgian Standard Time: Asia/Tbilisi
Greenland Standard Time: America/Godthab,Nuuk
Greenwich Standard Time: Africa/Abidjan,Accra,Bamako,Banjul,Bissau,Conakry,Dakar,Freetown,Lome,Monrovia,Nouakchott,Ouagadougou,Timbuktu
  America/Danmarkshavn Atlantic/Reykjavik,St_Helena
Haiti Standard Time: America/Port-au-Prince
Hawaiian Standard Time: Pacific/Honolulu,Johnston,Rarotonga,Tahiti
India Standard Time: Asia/Calcutta,Kolkata
Iran Standard Time: Asia/Tehran
Israel Standard Time: Asia/Jerusalem,Tel_Aviv
Jordan Standard Time: Asia/Amman
Kaliningrad Standard Time: Europe/Kaliningrad
Kamchatka Standard Time:
Korea Standard Time: Asia/Seoul
Libya Standard Time: Africa/Tripoli
Line Islands Standard Time: Pacific/Kiritimati
Lord Howe Standard Time: Australia/LHI,Lord_Howe
Magadan Standard Time: Asia/Magadan
Magallanes Standard Time: America/Coyhaique,Punta_Arenas
Manitoba Standard Time: America/Rainy_River,Winnipeg
Marquesas Standard Time: Pacific/Marquesas
Mauritius Standard Time: Indian/Mahe,Mauritius,Reunion
Mid-Atlantic Standard Time:
Middle East Standard Time: Asia/Beirut
Montevideo Standard Time: America/Montevideo
Morocco Standard Time: Africa/Casablanca,El_Aaiun
Mountain Standard Time: America/Boise,Cambridge_Bay,Ciudad_Juarez,Denver,Edmonton,Inuvik,Shiprock,Yellowknife
Mountain Standard Time (Mexico): America/Mazatlan
Myanmar Standard Time: Asia/Rangoon,Yangon Indian/Cocos
N. Central Asia Standard Time: Asia/Novosibirsk
Namibia Standard Time: Africa/Windhoek
Nepal Standard Time: Asia/Kathmandu,Katmandu
New Zealand Standard Time: Antarctica/McMurdo,South_Pole Pacific/Auckland
Newfoundland Standard Time: America/St_Johns
Norfolk Standard Time: Pacific/Norfolk
North Asia East Standard Time: Asia/Irkutsk
North Asia Standard Time: Asia/Krasnoyarsk,Novokuznetsk
North Korea Standard Time: Asia/Pyongyang
Omsk Standard Time: Asia/Omsk
Pacific SA Standard Time: America/Santiago
Pacific Standard Time: America/Los_Angeles,Vancouver
Pacific Standard Time (Mexico): America/Ensenada,Santa_Isabel,Tijuana
Pakistan Standard Time: Asia/Karachi
Paraguay Standard Time: America/Asuncion
Qyzylorda Standard Time: Asia/Qyzylorda
Romance Standard Time: Africa/Ceuta Europe/Brussels,Copenhagen,Madrid,Paris
Russia Time Zone 10: Asia/Srednekolymsk
Russia Time Zone 11: Asia/Anadyr,Kamchatka
Russia Time Zone 3: Europe/Samara
Russian Standard Time: Europe/Kirov,Moscow,Simferopol
SA Eastern Standard Time: America/Belem,Cayenne,Fortaleza,Maceio,Paramaribo,Recife,Santarem Antarctica/Palmer,Rothera Atlantic/Stanley
SA Pacific Standard Time: America/Atikokan,Bogota,Cayman,Coral_Harbour,Eirunepe,Guayaquil,Jamaica,Lima,Panama,Porto_Acre,Rio_Branco
SA Western Standard Time: America/Anguilla,Antigua,Aruba,Barbados,Blanc-Sablon,Boa_Vista,Curacao,Dominica,Grenada,Guadeloupe,Guyana,Kralendijk,La_Paz
  America/Lower_Princes,Manaus,Marigot,Martinique,Montserrat,Port_of_Spain,Porto_Velho,Puerto_Rico,Santo_Domingo,St_Barthelemy,St_Kitts,St_Lucia
  America/St_Thomas,St_Vincent,Tortola,Virgin
SE Asia Standard Time: Antarctica/Davis Asia/Bangkok,Ho_Chi_Minh,Jakarta,Phnom_Penh,Pontianak,Saigon,Vientiane Indian/Christmas
Saint Pierre Standard Time: America/Miquelon
Sakhalin Standard Time: Asia/Sakhalin
Samoa Standard Time: Pacific/Apia
Sao Tome Standard Time: Africa/Sao_Tome
Saratov Standard Time: Europe/Saratov
Singapore Standard Time: Asia/Brunei,Kuala_Lumpur,Kuching,Makassar,Manila,Singapore,Ujung_Pandang
South Africa Standard Time: Africa/Blantyre,Bujumbura,Gaborone,Harare,Johannesburg,Kigali,Lubumbashi,Lusaka,Maputo,Maseru,Mbabane
South Sudan Standard Time: Africa/Juba
Sri Lanka Standard Time: Asia/Colombo
Sudan Standard Time: Africa/Khartoum
Syria Standard Time: Asia/Damascus
Taipei Standard Time: Asia/Taipei
Tasmania Standard Time: Antarctica/Macquarie Australia/Currie,Hobart,Tasmania
Tocantins Standard Time: America/Araguaina
Tokyo Standard Time: Asia/Dili,Jayapura,Tokyo Pacific/Palau
Tomsk Standard Time: Asia/Tomsk
Tonga Standard Time: Pacific/Tongatapu
Transbaikal Standard Time: Asia/Chita
Turkey Standard Time: Asia/Istanbul Europe/Istanbul
Turks And Caicos Standard Time: America/Grand_Turk
US Eastern Standard Time: America/Fort_Wayne,Indiana/Indianapolis,Indiana/Marengo,Indiana/Vevay,Indianapolis
US Mountain Standard Time: America/Creston,Dawson_Creek,Fort_Nelson,Hermosillo,Phoenix
UTC:
UTC+12: Pacific/Funafuti,Kwajalein,Majuro,Nauru,Tarawa,Wake,Wallis
UTC+13: Pacific/Enderbury,Fakaofo,Kanton
UTC-02: America/Noronha Atlantic/South_Georgia
UTC-08: Pacific/Pitcairn
UTC-09: Pacific/Gambier
UTC-11: Pacific/Midway,Niue,Pago_Pago,Samoa
Ulaanbaatar Standard Time: Asia/Choibalsan,Ulaanbaatar,Ulan_Bator
Venezuela Standard Time: America/Caracas
Vladivostok Standard Time: Asia/Ust-Nera,Vladivostok
Volgograd Standard Time: Europe/Volgograd
W. Australia Standard Time: Australia/Perth,West
W. Central Africa Standard Time: Africa/Algiers,Bangui,Brazzaville,Douala,Kinshasa,Lagos,Libreville,Luanda,Malabo,Ndjamena,Niamey,Porto-Novo,Tunis
W. Europe Standard Time: Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam,Andorra,Berlin,Busingen,Gibraltar,Luxembourg,Malta,Monaco,Oslo,Rome
  Europe/San_Marino,Stockholm,Vaduz,Vatican,Vienna,Zurich
W. Mongolia Standard Time: Asia/Hovd
West Asia Standard Time: Antarctica/Mawson Asia/Almaty,Aqtau,Aqtobe,Ashgabat,Ashkhabad,Atyrau,Dushanbe,Oral,Qostanay,Samarkand,Tashkent Indian/Kerguelen
  Indian/Maldives
West Bank Standard Time: Asia/Gaza,Hebron
West Pacific Standard Time: Antarctica/DumontDUrville Pacific/Chuuk,Guam,Port_Moresby,Saipan,Truk,Yap
Yakutsk Standard Time: Asia/Khandyga,Yakutsk
Yukon Standard Time: America/Dawson,Whitehorse
"""


def _table() -> dict[str, list[str]]:
    """The names of the tz database by the Windows name."""
    table: dict[str, list[str]] = {}
    for line in _NAMES.replace("\n  ", " ").strip().splitlines():
        windows, _colon, areas = line.partition(":")
        pairs = [area.partition("/") for area in areas.split()]
        table[windows] = [f"{area}/{place}" for area, _slash, places in pairs for place in places.split(",")]
    return table


def wrong_time_zone(name: t.Any) -> str | None:
    """Why a text is not the Windows name of a time zone, with the name to write where one is known; None for such a name."""
    table, name_ = _table(), str(name).casefold()
    by_name = {windows.casefold(): windows for windows in table}
    if name_ in by_name:
        return None
    place = name_.replace(" ", "_")
    covering = [
        windows
        for windows, names in table.items()
        for name in map(str.casefold, names)
        if place in (name, name.rpartition("/")[2])
    ]
    close = covering or [by_name[match] for match in difflib.get_close_matches(name_, by_name, n=1)]
    advice = f"Use {close[0]!r}." if close else "Omit it for UTC."
    return f"must be the Windows name of a time zone, such as 'W. Europe Standard Time'; {name!r} is not. {advice}"
