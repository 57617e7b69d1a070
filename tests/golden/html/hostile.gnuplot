reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,286 dynamic noenhanced font 'sans-serif,13' name 'p1'
$medians1 << EOD
1.08 0
1.07 0
1.35 1
1.375 1
1.3375 1
1.62 2
1.65 2
1.605 2
1.89 3
1.925 3
1.8725 3
2.16 4
2.2 4
2.14 4
2.43 5
2.475 5
2.4075 5
2.7 6
2.75 6
2.675 6
2.97 7
3.025 7
2.9425 7
3.24 8
3.3 8
3.21 8
EOD
$medians0 << EOD
1.1 0
EOD
$cases << EOD
1 0.9955 1.009 0
1.25 1.2455 1.259 1
1.5 1.4955 1.509 2
1.75 1.7455 1.759 3
2 1.9955 2.009 4
2.25 2.2455 2.259 5
2.5 2.4955 2.509 6
2.75 2.7455 2.759 7
3 2.9955 3.009 8
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set label '1  <script>alert(1)</script>' at graph 0, first 0 right offset -1,0 textcolor rgb '#1b1f24'
set label '2  a|b · -2+3' at graph 0, first 1 right offset -1,0 textcolor rgb '#1b1f24'
set label '3  =cmd|'' /C calc''!A0 · @SUM(…' at graph 0, first 2 right offset -1,0 textcolor rgb '#1b1f24'
set label '4  \x1b[31mred\x1b[0m\x07' at graph 0, first 3 right offset -1,0 textcolor rgb '#1b1f24'
set label '5  line\x0abreak\x09tab "quot…' at graph 0, first 4 right offset -1,0 textcolor rgb '#1b1f24'
set label '6  bad \xff\xfe utf-8 \xc3' at graph 0, first 5 right offset -1,0 textcolor rgb '#1b1f24'
set label '7  \u202egnp.exe' at graph 0, first 6 right offset -1,0 textcolor rgb '#1b1f24'
set label '8  @everyone *bold* _it_ [x](…' at graph 0, first 7 right offset -1,0 textcolor rgb '#1b1f24'
set label '9  模型-🚀-é' at graph 0, first 8 right offset -1,0 textcolor rgb '#1b1f24'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [0.85723:3.4382699999999997]
set lmargin at screen 0.34
set rmargin at screen 0.975
set tmargin at screen 0.9720
set bmargin at screen 0.2028
set yrange [8.5:-0.5]
set ytics 1
set format y ''
set xlabel 'median latency, ms' textcolor rgb '#1b1f24' offset 0,0.2
plot $cases using 1:($4+0.2):2:3 with xerrorbars pt 13 ps 0.8 lw 1.5 lc rgb '#1b1f24', $medians1 using 1:($2-0.2) with points pt 6 ps 0.55 lw 1.3 lc rgb '#0072b2', $medians0 using 1:($2-0.2) with points pt 2 ps 0.6 lw 1.3 lc rgb '#b3261e'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p2'
$first << EOD
0.55 1
0.625 1.07
0.7 1.14
0.775 1.01
0.85 1.08
0.925 1.15
1 1.02
1.075 1.09
1.15 1.16
1.225 1.03
1.3 1.1
1.375 1.17
2.55 1.06
2.625 1.13
2.7 1
2.775 1.07
2.85 1.14
2.925 1.01
3 1.08
3.075 1.15
3.15 1.02
3.225 31.09
3.3 1.16
3.375 1.03
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
1.55 1.03
1.625 1.1
1.7 1.17
1.775 1.04
1.85 1.11
1.925 1.18
2 1.05
2.075 1.12
2.15 1.19
2.225 1.06
2.3 1.13
2.375 1
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 1
0.025 1
0.05 1
0.075 1
0.1 1.01
0.125 1.01
0.15 1.01
0.175 1.02
0.2 1.02
0.225 1.02
0.25 1.02
0.275 1.03
0.3 1.03
0.325 1.03
0.35 1.07
0.375 1.07
0.4 1.07
0.425 1.08
0.45 1.08
0.475 1.08
0.5 1.08
0.525 1.09
0.55 1.09
0.575 1.09
0.6 1.1
0.625 1.1
0.65 1.1
0.675 1.14
0.7 1.14
0.725 1.14
0.75 1.14
0.775 1.15
0.8 1.15
0.825 1.15
0.85 1.16
0.875 1.16
0.9 1.16
0.925 1.17
0.95 1.17
0.96 1.17
0.97 1.17
0.98 1.17
0.99 1.17
0.995 1.17
1 1.17

0 1
0.025 1
0.05 1
0.075 1
0.1 1.01
0.125 1.01
0.15 1.01
0.175 1.02
0.2 1.02
0.225 1.02
0.25 1.02
0.275 1.03
0.3 1.03
0.325 1.03
0.35 1.06
0.375 1.06
0.4 1.06
0.425 1.07
0.45 1.07
0.475 1.07
0.5 1.07
0.525 1.08
0.55 1.08
0.575 1.08
0.6 1.13
0.625 1.13
0.65 1.13
0.675 1.14
0.7 1.14
0.725 1.14
0.75 1.14
0.775 1.15
0.8 1.15
0.825 1.15
0.85 1.16
0.875 1.16
0.9 1.16
0.925 31.09
0.95 31.09
0.96 31.09
0.97 31.09
0.98 31.09
0.99 31.09
0.995 31.09
1 31.09
EOD
$curves0 << EOD
0 1
0.025 1
0.05 1
0.075 1
0.1 1.03
0.125 1.03
0.15 1.03
0.175 1.04
0.2 1.04
0.225 1.04
0.25 1.04
0.275 1.05
0.3 1.05
0.325 1.05
0.35 1.06
0.375 1.06
0.4 1.06
0.425 1.1
0.45 1.1
0.475 1.1
0.5 1.1
0.525 1.11
0.55 1.11
0.575 1.11
0.6 1.12
0.625 1.12
0.65 1.12
0.675 1.13
0.7 1.13
0.725 1.13
0.75 1.13
0.775 1.17
0.8 1.17
0.825 1.17
0.85 1.18
0.875 1.18
0.9 1.18
0.925 1.19
0.95 1.19
0.96 1.19
0.97 1.19
0.98 1.19
0.99 1.19
0.995 1.19
1 1.19
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (1, 2, 5, 10, 20)
set format y '%g'
set yrange [0.8695652173913044:35.753499999999995]
set object 1 rectangle from graph 0, first 0.9955 to graph 1, first 1.009 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (1, 2, 5, 10, 20)
set format y ''
set yrange [0.8695652173913044:35.753499999999995]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p3'
$first << EOD
0.55 1.25
0.625 1.3375
0.7 1.425
0.775 1.2625
0.85 1.35
0.925 1.4375
1 1.275
1.075 1.3625
1.15 1.45
1.225 1.2875
1.3 1.375
1.375 1.4625
1.55 1.2875
1.625 1.375
1.7 1.4625
1.775 1.3
1.85 1.3875
1.925 1.475
2 1.3125
2.075 1.4
2.15 1.4875
2.225 1.325
2.3 1.4125
2.375 1.25
2.55 1.325
2.625 1.4125
2.7 1.25
2.775 1.3375
2.85 1.425
2.925 1.2625
3 1.35
3.075 1.4375
3.15 1.275
3.225 38.8625
3.3 1.45
3.375 1.2875
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 1.25
0.025 1.25
0.05 1.25
0.075 1.25
0.1 1.2625
0.125 1.2625
0.15 1.2625
0.175 1.275
0.2 1.275
0.225 1.275
0.25 1.275
0.275 1.2875
0.3 1.2875
0.325 1.2875
0.35 1.3375
0.375 1.3375
0.4 1.3375
0.425 1.35
0.45 1.35
0.475 1.35
0.5 1.35
0.525 1.3625
0.55 1.3625
0.575 1.3625
0.6 1.375
0.625 1.375
0.65 1.375
0.675 1.425
0.7 1.425
0.725 1.425
0.75 1.425
0.775 1.4375
0.8 1.4375
0.825 1.4375
0.85 1.45
0.875 1.45
0.9 1.45
0.925 1.4625
0.95 1.4625
0.96 1.4625
0.97 1.4625
0.98 1.4625
0.99 1.4625
0.995 1.4625
1 1.4625

0 1.25
0.025 1.25
0.05 1.25
0.075 1.25
0.1 1.2875
0.125 1.2875
0.15 1.2875
0.175 1.3
0.2 1.3
0.225 1.3
0.25 1.3
0.275 1.3125
0.3 1.3125
0.325 1.3125
0.35 1.325
0.375 1.325
0.4 1.325
0.425 1.375
0.45 1.375
0.475 1.375
0.5 1.375
0.525 1.3875
0.55 1.3875
0.575 1.3875
0.6 1.4
0.625 1.4
0.65 1.4
0.675 1.4125
0.7 1.4125
0.725 1.4125
0.75 1.4125
0.775 1.4625
0.8 1.4625
0.825 1.4625
0.85 1.475
0.875 1.475
0.9 1.475
0.925 1.4875
0.95 1.4875
0.96 1.4875
0.97 1.4875
0.98 1.4875
0.99 1.4875
0.995 1.4875
1 1.4875

0 1.25
0.025 1.25
0.05 1.25
0.075 1.25
0.1 1.2625
0.125 1.2625
0.15 1.2625
0.175 1.275
0.2 1.275
0.225 1.275
0.25 1.275
0.275 1.2875
0.3 1.2875
0.325 1.2875
0.35 1.325
0.375 1.325
0.4 1.325
0.425 1.3375
0.45 1.3375
0.475 1.3375
0.5 1.3375
0.525 1.35
0.55 1.35
0.575 1.35
0.6 1.4125
0.625 1.4125
0.65 1.4125
0.675 1.425
0.7 1.425
0.725 1.425
0.75 1.425
0.775 1.4375
0.8 1.4375
0.825 1.4375
0.85 1.45
0.875 1.45
0.9 1.45
0.925 38.8625
0.95 38.8625
0.96 38.8625
0.97 38.8625
0.98 38.8625
0.99 38.8625
0.995 38.8625
1 38.8625
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (2, 5, 10, 20)
set format y '%g'
set yrange [1.0869565217391306:44.691874999999996]
set object 1 rectangle from graph 0, first 1.2455 to graph 1, first 1.259 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 1.25 to graph 1, first 1.25 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (2, 5, 10, 20)
set format y ''
set yrange [1.0869565217391306:44.691874999999996]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p4'
$first << EOD
0.55 1.5
0.625 1.605
0.7 1.71
0.775 1.515
0.85 1.62
0.925 1.725
1 1.53
1.075 1.635
1.15 1.74
1.225 1.545
1.3 1.65
1.375 1.755
1.55 1.545
1.625 1.65
1.7 1.755
1.775 1.56
1.85 1.665
1.925 1.77
2 1.575
2.075 1.68
2.15 1.785
2.225 1.59
2.3 1.695
2.375 1.5
2.55 1.59
2.625 1.695
2.7 1.5
2.775 1.605
2.85 1.71
2.925 1.515
3 1.62
3.075 1.725
3.15 1.53
3.225 46.635
3.3 1.74
3.375 1.545
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 1.5
0.025 1.5
0.05 1.5
0.075 1.5
0.1 1.515
0.125 1.515
0.15 1.515
0.175 1.53
0.2 1.53
0.225 1.53
0.25 1.53
0.275 1.545
0.3 1.545
0.325 1.545
0.35 1.605
0.375 1.605
0.4 1.605
0.425 1.62
0.45 1.62
0.475 1.62
0.5 1.62
0.525 1.635
0.55 1.635
0.575 1.635
0.6 1.65
0.625 1.65
0.65 1.65
0.675 1.71
0.7 1.71
0.725 1.71
0.75 1.71
0.775 1.725
0.8 1.725
0.825 1.725
0.85 1.74
0.875 1.74
0.9 1.74
0.925 1.755
0.95 1.755
0.96 1.755
0.97 1.755
0.98 1.755
0.99 1.755
0.995 1.755
1 1.755

0 1.5
0.025 1.5
0.05 1.5
0.075 1.5
0.1 1.545
0.125 1.545
0.15 1.545
0.175 1.56
0.2 1.56
0.225 1.56
0.25 1.56
0.275 1.575
0.3 1.575
0.325 1.575
0.35 1.59
0.375 1.59
0.4 1.59
0.425 1.65
0.45 1.65
0.475 1.65
0.5 1.65
0.525 1.665
0.55 1.665
0.575 1.665
0.6 1.68
0.625 1.68
0.65 1.68
0.675 1.695
0.7 1.695
0.725 1.695
0.75 1.695
0.775 1.755
0.8 1.755
0.825 1.755
0.85 1.77
0.875 1.77
0.9 1.77
0.925 1.785
0.95 1.785
0.96 1.785
0.97 1.785
0.98 1.785
0.99 1.785
0.995 1.785
1 1.785

0 1.5
0.025 1.5
0.05 1.5
0.075 1.5
0.1 1.515
0.125 1.515
0.15 1.515
0.175 1.53
0.2 1.53
0.225 1.53
0.25 1.53
0.275 1.545
0.3 1.545
0.325 1.545
0.35 1.59
0.375 1.59
0.4 1.59
0.425 1.605
0.45 1.605
0.475 1.605
0.5 1.605
0.525 1.62
0.55 1.62
0.575 1.62
0.6 1.695
0.625 1.695
0.65 1.695
0.675 1.71
0.7 1.71
0.725 1.71
0.75 1.71
0.775 1.725
0.8 1.725
0.825 1.725
0.85 1.74
0.875 1.74
0.9 1.74
0.925 46.635
0.95 46.635
0.96 46.635
0.97 46.635
0.98 46.635
0.99 46.635
0.995 46.635
1 46.635
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y '%g'
set yrange [1.3043478260869565:53.63025]
set object 1 rectangle from graph 0, first 1.4955 to graph 1, first 1.509 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 1.5 to graph 1, first 1.5 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y ''
set yrange [1.3043478260869565:53.63025]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p5'
$first << EOD
0.55 1.75
0.625 1.8725
0.7 1.995
0.775 1.7675
0.85 1.89
0.925 2.0125
1 1.785
1.075 1.9075
1.15 2.03
1.225 1.8025
1.3 1.925
1.375 2.0475
1.55 1.8025
1.625 1.925
1.7 2.0475
1.775 1.82
1.85 1.9425
1.925 2.065
2 1.8375
2.075 1.96
2.15 2.0825
2.225 1.855
2.3 1.9775
2.375 1.75
2.55 1.855
2.625 1.9775
2.7 1.75
2.775 1.8725
2.85 1.995
2.925 1.7675
3 1.89
3.075 2.0125
3.15 1.785
3.225 54.4075
3.3 2.03
3.375 1.8025
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 1.75
0.025 1.75
0.05 1.75
0.075 1.75
0.1 1.7675
0.125 1.7675
0.15 1.7675
0.175 1.785
0.2 1.785
0.225 1.785
0.25 1.785
0.275 1.8025
0.3 1.8025
0.325 1.8025
0.35 1.8725
0.375 1.8725
0.4 1.8725
0.425 1.89
0.45 1.89
0.475 1.89
0.5 1.89
0.525 1.9075
0.55 1.9075
0.575 1.9075
0.6 1.925
0.625 1.925
0.65 1.925
0.675 1.995
0.7 1.995
0.725 1.995
0.75 1.995
0.775 2.0125
0.8 2.0125
0.825 2.0125
0.85 2.03
0.875 2.03
0.9 2.03
0.925 2.0475
0.95 2.0475
0.96 2.0475
0.97 2.0475
0.98 2.0475
0.99 2.0475
0.995 2.0475
1 2.0475

0 1.75
0.025 1.75
0.05 1.75
0.075 1.75
0.1 1.8025
0.125 1.8025
0.15 1.8025
0.175 1.82
0.2 1.82
0.225 1.82
0.25 1.82
0.275 1.8375
0.3 1.8375
0.325 1.8375
0.35 1.855
0.375 1.855
0.4 1.855
0.425 1.925
0.45 1.925
0.475 1.925
0.5 1.925
0.525 1.9425
0.55 1.9425
0.575 1.9425
0.6 1.96
0.625 1.96
0.65 1.96
0.675 1.9775
0.7 1.9775
0.725 1.9775
0.75 1.9775
0.775 2.0475
0.8 2.0475
0.825 2.0475
0.85 2.065
0.875 2.065
0.9 2.065
0.925 2.0825
0.95 2.0825
0.96 2.0825
0.97 2.0825
0.98 2.0825
0.99 2.0825
0.995 2.0825
1 2.0825

0 1.75
0.025 1.75
0.05 1.75
0.075 1.75
0.1 1.7675
0.125 1.7675
0.15 1.7675
0.175 1.785
0.2 1.785
0.225 1.785
0.25 1.785
0.275 1.8025
0.3 1.8025
0.325 1.8025
0.35 1.855
0.375 1.855
0.4 1.855
0.425 1.8725
0.45 1.8725
0.475 1.8725
0.5 1.8725
0.525 1.89
0.55 1.89
0.575 1.89
0.6 1.9775
0.625 1.9775
0.65 1.9775
0.675 1.995
0.7 1.995
0.725 1.995
0.75 1.995
0.775 2.0125
0.8 2.0125
0.825 2.0125
0.85 2.03
0.875 2.03
0.9 2.03
0.925 54.4075
0.95 54.4075
0.96 54.4075
0.97 54.4075
0.98 54.4075
0.99 54.4075
0.995 54.4075
1 54.4075
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y '%g'
set yrange [1.5217391304347827:62.568625]
set object 1 rectangle from graph 0, first 1.7455 to graph 1, first 1.759 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 1.75 to graph 1, first 1.75 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y ''
set yrange [1.5217391304347827:62.568625]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p6'
$first << EOD
0.55 2
0.625 2.14
0.7 2.28
0.775 2.02
0.85 2.16
0.925 2.3
1 2.04
1.075 2.18
1.15 2.32
1.225 2.06
1.3 2.2
1.375 2.34
1.55 2.06
1.625 2.2
1.7 2.34
1.775 2.08
1.85 2.22
1.925 2.36
2 2.1
2.075 2.24
2.15 2.38
2.225 2.12
2.3 2.26
2.375 2
2.55 2.12
2.625 2.26
2.7 2
2.775 2.14
2.85 2.28
2.925 2.02
3 2.16
3.075 2.3
3.15 2.04
3.225 62.18
3.3 2.32
3.375 2.06
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 2
0.025 2
0.05 2
0.075 2
0.1 2.02
0.125 2.02
0.15 2.02
0.175 2.04
0.2 2.04
0.225 2.04
0.25 2.04
0.275 2.06
0.3 2.06
0.325 2.06
0.35 2.14
0.375 2.14
0.4 2.14
0.425 2.16
0.45 2.16
0.475 2.16
0.5 2.16
0.525 2.18
0.55 2.18
0.575 2.18
0.6 2.2
0.625 2.2
0.65 2.2
0.675 2.28
0.7 2.28
0.725 2.28
0.75 2.28
0.775 2.3
0.8 2.3
0.825 2.3
0.85 2.32
0.875 2.32
0.9 2.32
0.925 2.34
0.95 2.34
0.96 2.34
0.97 2.34
0.98 2.34
0.99 2.34
0.995 2.34
1 2.34

0 2
0.025 2
0.05 2
0.075 2
0.1 2.06
0.125 2.06
0.15 2.06
0.175 2.08
0.2 2.08
0.225 2.08
0.25 2.08
0.275 2.1
0.3 2.1
0.325 2.1
0.35 2.12
0.375 2.12
0.4 2.12
0.425 2.2
0.45 2.2
0.475 2.2
0.5 2.2
0.525 2.22
0.55 2.22
0.575 2.22
0.6 2.24
0.625 2.24
0.65 2.24
0.675 2.26
0.7 2.26
0.725 2.26
0.75 2.26
0.775 2.34
0.8 2.34
0.825 2.34
0.85 2.36
0.875 2.36
0.9 2.36
0.925 2.38
0.95 2.38
0.96 2.38
0.97 2.38
0.98 2.38
0.99 2.38
0.995 2.38
1 2.38

0 2
0.025 2
0.05 2
0.075 2
0.1 2.02
0.125 2.02
0.15 2.02
0.175 2.04
0.2 2.04
0.225 2.04
0.25 2.04
0.275 2.06
0.3 2.06
0.325 2.06
0.35 2.12
0.375 2.12
0.4 2.12
0.425 2.14
0.45 2.14
0.475 2.14
0.5 2.14
0.525 2.16
0.55 2.16
0.575 2.16
0.6 2.26
0.625 2.26
0.65 2.26
0.675 2.28
0.7 2.28
0.725 2.28
0.75 2.28
0.775 2.3
0.8 2.3
0.825 2.3
0.85 2.32
0.875 2.32
0.9 2.32
0.925 62.18
0.95 62.18
0.96 62.18
0.97 62.18
0.98 62.18
0.99 62.18
0.995 62.18
1 62.18
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y '%g'
set yrange [1.7391304347826089:71.50699999999999]
set object 1 rectangle from graph 0, first 1.9955 to graph 1, first 2.009 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 2 to graph 1, first 2 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y ''
set yrange [1.7391304347826089:71.50699999999999]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p7'
$first << EOD
0.55 2.25
0.625 2.4075
0.7 2.565
0.775 2.2725
0.85 2.43
0.925 2.5875
1 2.295
1.075 2.4525
1.15 2.61
1.225 2.3175
1.3 2.475
1.375 2.6325
1.55 2.3175
1.625 2.475
1.7 2.6325
1.775 2.34
1.85 2.4975
1.925 2.655
2 2.3625
2.075 2.52
2.15 2.6775
2.225 2.385
2.3 2.5425
2.375 2.25
2.55 2.385
2.625 2.5425
2.7 2.25
2.775 2.4075
2.85 2.565
2.925 2.2725
3 2.43
3.075 2.5875
3.15 2.295
3.225 69.9525
3.3 2.61
3.375 2.3175
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 2.25
0.025 2.25
0.05 2.25
0.075 2.25
0.1 2.2725
0.125 2.2725
0.15 2.2725
0.175 2.295
0.2 2.295
0.225 2.295
0.25 2.295
0.275 2.3175
0.3 2.3175
0.325 2.3175
0.35 2.4075
0.375 2.4075
0.4 2.4075
0.425 2.43
0.45 2.43
0.475 2.43
0.5 2.43
0.525 2.4525
0.55 2.4525
0.575 2.4525
0.6 2.475
0.625 2.475
0.65 2.475
0.675 2.565
0.7 2.565
0.725 2.565
0.75 2.565
0.775 2.5875
0.8 2.5875
0.825 2.5875
0.85 2.61
0.875 2.61
0.9 2.61
0.925 2.6325
0.95 2.6325
0.96 2.6325
0.97 2.6325
0.98 2.6325
0.99 2.6325
0.995 2.6325
1 2.6325

0 2.25
0.025 2.25
0.05 2.25
0.075 2.25
0.1 2.3175
0.125 2.3175
0.15 2.3175
0.175 2.34
0.2 2.34
0.225 2.34
0.25 2.34
0.275 2.3625
0.3 2.3625
0.325 2.3625
0.35 2.385
0.375 2.385
0.4 2.385
0.425 2.475
0.45 2.475
0.475 2.475
0.5 2.475
0.525 2.4975
0.55 2.4975
0.575 2.4975
0.6 2.52
0.625 2.52
0.65 2.52
0.675 2.5425
0.7 2.5425
0.725 2.5425
0.75 2.5425
0.775 2.6325
0.8 2.6325
0.825 2.6325
0.85 2.655
0.875 2.655
0.9 2.655
0.925 2.6775
0.95 2.6775
0.96 2.6775
0.97 2.6775
0.98 2.6775
0.99 2.6775
0.995 2.6775
1 2.6775

0 2.25
0.025 2.25
0.05 2.25
0.075 2.25
0.1 2.2725
0.125 2.2725
0.15 2.2725
0.175 2.295
0.2 2.295
0.225 2.295
0.25 2.295
0.275 2.3175
0.3 2.3175
0.325 2.3175
0.35 2.385
0.375 2.385
0.4 2.385
0.425 2.4075
0.45 2.4075
0.475 2.4075
0.5 2.4075
0.525 2.43
0.55 2.43
0.575 2.43
0.6 2.5425
0.625 2.5425
0.65 2.5425
0.675 2.565
0.7 2.565
0.725 2.565
0.75 2.565
0.775 2.5875
0.8 2.5875
0.825 2.5875
0.85 2.61
0.875 2.61
0.9 2.61
0.925 69.9525
0.95 69.9525
0.96 69.9525
0.97 69.9525
0.98 69.9525
0.99 69.9525
0.995 69.9525
1 69.9525
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y '%g'
set yrange [1.956521739130435:80.445375]
set object 1 rectangle from graph 0, first 2.2455 to graph 1, first 2.259 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 2.25 to graph 1, first 2.25 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (2, 5, 10, 20, 50)
set format y ''
set yrange [1.956521739130435:80.445375]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p8'
$first << EOD
0.55 2.5
0.625 2.675
0.7 2.85
0.775 2.525
0.85 2.7
0.925 2.875
1 2.55
1.075 2.725
1.15 2.9
1.225 2.575
1.3 2.75
1.375 2.925
1.55 2.575
1.625 2.75
1.7 2.925
1.775 2.6
1.85 2.775
1.925 2.95
2 2.625
2.075 2.8
2.15 2.975
2.225 2.65
2.3 2.825
2.375 2.5
2.55 2.65
2.625 2.825
2.7 2.5
2.775 2.675
2.85 2.85
2.925 2.525
3 2.7
3.075 2.875
3.15 2.55
3.225 77.725
3.3 2.9
3.375 2.575
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 2.5
0.025 2.5
0.05 2.5
0.075 2.5
0.1 2.525
0.125 2.525
0.15 2.525
0.175 2.55
0.2 2.55
0.225 2.55
0.25 2.55
0.275 2.575
0.3 2.575
0.325 2.575
0.35 2.675
0.375 2.675
0.4 2.675
0.425 2.7
0.45 2.7
0.475 2.7
0.5 2.7
0.525 2.725
0.55 2.725
0.575 2.725
0.6 2.75
0.625 2.75
0.65 2.75
0.675 2.85
0.7 2.85
0.725 2.85
0.75 2.85
0.775 2.875
0.8 2.875
0.825 2.875
0.85 2.9
0.875 2.9
0.9 2.9
0.925 2.925
0.95 2.925
0.96 2.925
0.97 2.925
0.98 2.925
0.99 2.925
0.995 2.925
1 2.925

0 2.5
0.025 2.5
0.05 2.5
0.075 2.5
0.1 2.575
0.125 2.575
0.15 2.575
0.175 2.6
0.2 2.6
0.225 2.6
0.25 2.6
0.275 2.625
0.3 2.625
0.325 2.625
0.35 2.65
0.375 2.65
0.4 2.65
0.425 2.75
0.45 2.75
0.475 2.75
0.5 2.75
0.525 2.775
0.55 2.775
0.575 2.775
0.6 2.8
0.625 2.8
0.65 2.8
0.675 2.825
0.7 2.825
0.725 2.825
0.75 2.825
0.775 2.925
0.8 2.925
0.825 2.925
0.85 2.95
0.875 2.95
0.9 2.95
0.925 2.975
0.95 2.975
0.96 2.975
0.97 2.975
0.98 2.975
0.99 2.975
0.995 2.975
1 2.975

0 2.5
0.025 2.5
0.05 2.5
0.075 2.5
0.1 2.525
0.125 2.525
0.15 2.525
0.175 2.55
0.2 2.55
0.225 2.55
0.25 2.55
0.275 2.575
0.3 2.575
0.325 2.575
0.35 2.65
0.375 2.65
0.4 2.65
0.425 2.675
0.45 2.675
0.475 2.675
0.5 2.675
0.525 2.7
0.55 2.7
0.575 2.7
0.6 2.825
0.625 2.825
0.65 2.825
0.675 2.85
0.7 2.85
0.725 2.85
0.75 2.85
0.775 2.875
0.8 2.875
0.825 2.875
0.85 2.9
0.875 2.9
0.9 2.9
0.925 77.725
0.95 77.725
0.96 77.725
0.97 77.725
0.98 77.725
0.99 77.725
0.995 77.725
1 77.725
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (5, 10, 20, 50)
set format y '%g'
set yrange [2.173913043478261:89.38374999999999]
set object 1 rectangle from graph 0, first 2.4955 to graph 1, first 2.509 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 2.5 to graph 1, first 2.5 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (5, 10, 20, 50)
set format y ''
set yrange [2.173913043478261:89.38374999999999]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p9'
$first << EOD
0.55 2.75
0.625 2.9425
0.7 3.135
0.775 2.7775
0.85 2.97
0.925 3.1625
1 2.805
1.075 2.9975
1.15 3.19
1.225 2.8325
1.3 3.025
1.375 3.2175
1.55 2.8325
1.625 3.025
1.7 3.2175
1.775 2.86
1.85 3.0525
1.925 3.245
2 2.8875
2.075 3.08
2.15 3.2725
2.225 2.915
2.3 3.1075
2.375 2.75
2.55 2.915
2.625 3.1075
2.7 2.75
2.775 2.9425
2.85 3.135
2.925 2.7775
3 2.97
3.075 3.1625
3.15 2.805
3.225 85.4975
3.3 3.19
3.375 2.8325
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 2.75
0.025 2.75
0.05 2.75
0.075 2.75
0.1 2.7775
0.125 2.7775
0.15 2.7775
0.175 2.805
0.2 2.805
0.225 2.805
0.25 2.805
0.275 2.8325
0.3 2.8325
0.325 2.8325
0.35 2.9425
0.375 2.9425
0.4 2.9425
0.425 2.97
0.45 2.97
0.475 2.97
0.5 2.97
0.525 2.9975
0.55 2.9975
0.575 2.9975
0.6 3.025
0.625 3.025
0.65 3.025
0.675 3.135
0.7 3.135
0.725 3.135
0.75 3.135
0.775 3.1625
0.8 3.1625
0.825 3.1625
0.85 3.19
0.875 3.19
0.9 3.19
0.925 3.2175
0.95 3.2175
0.96 3.2175
0.97 3.2175
0.98 3.2175
0.99 3.2175
0.995 3.2175
1 3.2175

0 2.75
0.025 2.75
0.05 2.75
0.075 2.75
0.1 2.8325
0.125 2.8325
0.15 2.8325
0.175 2.86
0.2 2.86
0.225 2.86
0.25 2.86
0.275 2.8875
0.3 2.8875
0.325 2.8875
0.35 2.915
0.375 2.915
0.4 2.915
0.425 3.025
0.45 3.025
0.475 3.025
0.5 3.025
0.525 3.0525
0.55 3.0525
0.575 3.0525
0.6 3.08
0.625 3.08
0.65 3.08
0.675 3.1075
0.7 3.1075
0.725 3.1075
0.75 3.1075
0.775 3.2175
0.8 3.2175
0.825 3.2175
0.85 3.245
0.875 3.245
0.9 3.245
0.925 3.2725
0.95 3.2725
0.96 3.2725
0.97 3.2725
0.98 3.2725
0.99 3.2725
0.995 3.2725
1 3.2725

0 2.75
0.025 2.75
0.05 2.75
0.075 2.75
0.1 2.7775
0.125 2.7775
0.15 2.7775
0.175 2.805
0.2 2.805
0.225 2.805
0.25 2.805
0.275 2.8325
0.3 2.8325
0.325 2.8325
0.35 2.915
0.375 2.915
0.4 2.915
0.425 2.9425
0.45 2.9425
0.475 2.9425
0.5 2.9425
0.525 2.97
0.55 2.97
0.575 2.97
0.6 3.1075
0.625 3.1075
0.65 3.1075
0.675 3.135
0.7 3.135
0.725 3.135
0.75 3.135
0.775 3.1625
0.8 3.1625
0.825 3.1625
0.85 3.19
0.875 3.19
0.9 3.19
0.925 85.4975
0.95 85.4975
0.96 85.4975
0.97 85.4975
0.98 85.4975
0.99 85.4975
0.995 85.4975
1 85.4975
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (5, 10, 20, 50)
set format y '%g'
set yrange [2.3913043478260874:98.322125]
set object 1 rectangle from graph 0, first 2.7455 to graph 1, first 2.759 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 2.75 to graph 1, first 2.75 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (5, 10, 20, 50)
set format y ''
set yrange [2.3913043478260874:98.322125]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p10'
$first << EOD
0.55 3
0.625 3.21
0.7 3.42
0.775 3.03
0.85 3.24
0.925 3.45
1 3.06
1.075 3.27
1.15 3.48
1.225 3.09
1.3 3.3
1.375 3.51
1.55 3.09
1.625 3.3
1.7 3.51
1.775 3.12
1.85 3.33
1.925 3.54
2 3.15
2.075 3.36
2.15 3.57
2.225 3.18
2.3 3.39
2.375 3
2.55 3.18
2.625 3.39
2.7 3
2.775 3.21
2.85 3.42
2.925 3.03
3 3.24
3.075 3.45
3.15 3.06
3.225 93.27
3.3 3.48
3.375 3.09
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 3
0.025 3
0.05 3
0.075 3
0.1 3.03
0.125 3.03
0.15 3.03
0.175 3.06
0.2 3.06
0.225 3.06
0.25 3.06
0.275 3.09
0.3 3.09
0.325 3.09
0.35 3.21
0.375 3.21
0.4 3.21
0.425 3.24
0.45 3.24
0.475 3.24
0.5 3.24
0.525 3.27
0.55 3.27
0.575 3.27
0.6 3.3
0.625 3.3
0.65 3.3
0.675 3.42
0.7 3.42
0.725 3.42
0.75 3.42
0.775 3.45
0.8 3.45
0.825 3.45
0.85 3.48
0.875 3.48
0.9 3.48
0.925 3.51
0.95 3.51
0.96 3.51
0.97 3.51
0.98 3.51
0.99 3.51
0.995 3.51
1 3.51

0 3
0.025 3
0.05 3
0.075 3
0.1 3.09
0.125 3.09
0.15 3.09
0.175 3.12
0.2 3.12
0.225 3.12
0.25 3.12
0.275 3.15
0.3 3.15
0.325 3.15
0.35 3.18
0.375 3.18
0.4 3.18
0.425 3.3
0.45 3.3
0.475 3.3
0.5 3.3
0.525 3.33
0.55 3.33
0.575 3.33
0.6 3.36
0.625 3.36
0.65 3.36
0.675 3.39
0.7 3.39
0.725 3.39
0.75 3.39
0.775 3.51
0.8 3.51
0.825 3.51
0.85 3.54
0.875 3.54
0.9 3.54
0.925 3.57
0.95 3.57
0.96 3.57
0.97 3.57
0.98 3.57
0.99 3.57
0.995 3.57
1 3.57

0 3
0.025 3
0.05 3
0.075 3
0.1 3.03
0.125 3.03
0.15 3.03
0.175 3.06
0.2 3.06
0.225 3.06
0.25 3.06
0.275 3.09
0.3 3.09
0.325 3.09
0.35 3.18
0.375 3.18
0.4 3.18
0.425 3.21
0.45 3.21
0.475 3.21
0.5 3.21
0.525 3.24
0.55 3.24
0.575 3.24
0.6 3.39
0.625 3.39
0.65 3.39
0.675 3.42
0.7 3.42
0.725 3.42
0.75 3.42
0.775 3.45
0.8 3.45
0.825 3.45
0.85 3.48
0.875 3.48
0.9 3.48
0.925 93.27
0.95 93.27
0.96 93.27
0.97 93.27
0.98 93.27
0.99 93.27
0.995 93.27
1 93.27
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y '%g'
set yrange [2.608695652173913:107.2605]
set object 1 rectangle from graph 0, first 2.9955 to graph 1, first 3.009 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 3 to graph 1, first 3 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y ''
set yrange [2.608695652173913:107.2605]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,386 dynamic noenhanced font 'sans-serif,13' name 'p11'
$case0 << EOD
0.5 1
0.5768 1.07
0.659 1.14
0.7465 1.01
0.8241 1.08
0.9071 1.15
0.9954 1.02
1.0737 1.09
1.1575 1.16
1.2465 1.03
1.3257 1.1
1.4101 1.17
18.5 1.03
18.5781 1.1
18.6616 1.17
18.7504 1.04
18.8293 1.11
18.9135 1.18
19.003 1.05
19.0827 1.12
19.1677 1.19
19.258 1.06
19.3384 1.13
19.4241 1
36.5 1.06
36.5247 1.13
36.551 1
36.5743 1.07
36.5992 1.14
36.6258 1.01
36.6493 1.08
36.6744 1.15
36.7012 1.02
36.725 31.09
37.449 1.16
37.476 1.03
EOD
$case1 << EOD
2.5 1.25
2.5768 1.3375
2.659 1.425
2.7465 1.2625
2.8241 1.35
2.9071 1.4375
2.9954 1.275
3.0737 1.3625
3.1575 1.45
3.2465 1.2875
3.3257 1.375
3.4101 1.4625
20.5 1.2875
20.5781 1.375
20.6616 1.4625
20.7504 1.3
20.8293 1.3875
20.9135 1.475
21.003 1.3125
21.0827 1.4
21.1677 1.4875
21.258 1.325
21.3384 1.4125
21.4241 1.25
38.5 1.325
38.5247 1.4125
38.551 1.25
38.5743 1.3375
38.5992 1.425
38.6258 1.2625
38.6493 1.35
38.6744 1.4375
38.7012 1.275
38.725 38.8625
39.449 1.45
39.476 1.2875
EOD
$case2 << EOD
4.5 1.5
4.5768 1.605
4.659 1.71
4.7465 1.515
4.8241 1.62
4.9071 1.725
4.9954 1.53
5.0737 1.635
5.1575 1.74
5.2465 1.545
5.3257 1.65
5.4101 1.755
22.5 1.545
22.5781 1.65
22.6616 1.755
22.7504 1.56
22.8293 1.665
22.9135 1.77
23.003 1.575
23.0827 1.68
23.1677 1.785
23.258 1.59
23.3384 1.695
23.4241 1.5
40.5 1.59
40.5247 1.695
40.551 1.5
40.5743 1.605
40.5992 1.71
40.6258 1.515
40.6493 1.62
40.6744 1.725
40.7012 1.53
40.725 46.635
41.449 1.74
41.476 1.545
EOD
$case3 << EOD
6.5 1.75
6.5768 1.8725
6.659 1.995
6.7465 1.7675
6.8241 1.89
6.9071 2.0125
6.9954 1.785
7.0737 1.9075
7.1575 2.03
7.2465 1.8025
7.3257 1.925
7.4101 2.0475
24.5 1.8025
24.5781 1.925
24.6616 2.0475
24.7504 1.82
24.8293 1.9425
24.9135 2.065
25.003 1.8375
25.0827 1.96
25.1677 2.0825
25.258 1.855
25.3384 1.9775
25.4241 1.75
42.5 1.855
42.5247 1.9775
42.551 1.75
42.5743 1.8725
42.5992 1.995
42.6258 1.7675
42.6493 1.89
42.6744 2.0125
42.7012 1.785
42.725 54.4075
43.449 2.03
43.476 1.8025
EOD
$case4 << EOD
8.5 2
8.5768 2.14
8.659 2.28
8.7465 2.02
8.8241 2.16
8.9071 2.3
8.9954 2.04
9.0737 2.18
9.1575 2.32
9.2465 2.06
9.3257 2.2
9.4101 2.34
26.5 2.06
26.5781 2.2
26.6616 2.34
26.7504 2.08
26.8293 2.22
26.9135 2.36
27.003 2.1
27.0827 2.24
27.1677 2.38
27.258 2.12
27.3384 2.26
27.4241 2
44.5 2.12
44.5247 2.26
44.551 2
44.5743 2.14
44.5992 2.28
44.6258 2.02
44.6493 2.16
44.6744 2.3
44.7012 2.04
44.725 62.18
45.449 2.32
45.476 2.06
EOD
$case5 << EOD
10.5 2.25
10.5768 2.4075
10.659 2.565
10.7465 2.2725
10.8241 2.43
10.9071 2.5875
10.9954 2.295
11.0737 2.4525
11.1575 2.61
11.2465 2.3175
11.3257 2.475
11.4101 2.6325
28.5 2.3175
28.5781 2.475
28.6616 2.6325
28.7504 2.34
28.8293 2.4975
28.9135 2.655
29.003 2.3625
29.0827 2.52
29.1677 2.6775
29.258 2.385
29.3384 2.5425
29.4241 2.25
46.5 2.385
46.5247 2.5425
46.551 2.25
46.5743 2.4075
46.5992 2.565
46.6258 2.2725
46.6493 2.43
46.6744 2.5875
46.7012 2.295
46.725 69.9525
47.449 2.61
47.476 2.3175
EOD
$case6 << EOD
12.5 2.5
12.5768 2.675
12.659 2.85
12.7465 2.525
12.8241 2.7
12.9071 2.875
12.9954 2.55
13.0737 2.725
13.1575 2.9
13.2465 2.575
13.3257 2.75
13.4101 2.925
30.5 2.575
30.5781 2.75
30.6616 2.925
30.7504 2.6
30.8293 2.775
30.9135 2.95
31.003 2.625
31.0827 2.8
31.1677 2.975
31.258 2.65
31.3384 2.825
31.4241 2.5
48.5 2.65
48.5247 2.825
48.551 2.5
48.5743 2.675
48.5992 2.85
48.6258 2.525
48.6493 2.7
48.6744 2.875
48.7012 2.55
48.725 77.725
49.449 2.9
49.476 2.575
EOD
$case7 << EOD
14.5 2.75
14.5768 2.9425
14.659 3.135
14.7465 2.7775
14.8241 2.97
14.9071 3.1625
14.9954 2.805
15.0737 2.9975
15.1575 3.19
15.2465 2.8325
15.3257 3.025
15.4101 3.2175
32.5 2.8325
32.5781 3.025
32.6616 3.2175
32.7504 2.86
32.8293 3.0525
32.9135 3.245
33.003 2.8875
33.0827 3.08
33.1677 3.2725
33.258 2.915
33.3384 3.1075
33.4241 2.75
50.5 2.915
50.5247 3.1075
50.551 2.75
50.5743 2.9425
50.5992 3.135
50.6258 2.7775
50.6493 2.97
50.6744 3.1625
50.7012 2.805
50.725 85.4975
51.449 3.19
51.476 2.8325
EOD
$case8 << EOD
16.5 3
16.5768 3.21
16.659 3.42
16.7465 3.03
16.8241 3.24
16.9071 3.45
16.9954 3.06
17.0737 3.27
17.1575 3.48
17.2465 3.09
17.3257 3.3
17.4101 3.51
34.5 3.09
34.5781 3.3
34.6616 3.51
34.7504 3.12
34.8293 3.33
34.9135 3.54
35.003 3.15
35.0827 3.36
35.1677 3.57
35.258 3.18
35.3384 3.39
35.4241 3
52.5 3.18
52.5247 3.39
52.551 3
52.5743 3.21
52.5992 3.42
52.6258 3.03
52.6493 3.24
52.6744 3.45
52.7012 3.06
52.725 93.27
53.449 3.48
53.476 3.09
EOD
$channel0 << EOD
0 40
1 41.5
2 43
3 44.5
4 46
5 47.5
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set object 1 rectangle from first 0, graph 0 to first 0.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 2 rectangle from first 0.5, graph 0 to first 1.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 3 rectangle from first 18, graph 0 to first 18.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 4 rectangle from first 18.5, graph 0 to first 19.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 5 rectangle from first 36, graph 0 to first 36.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 6 rectangle from first 36.5, graph 0 to first 37.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 7 rectangle from first 2, graph 0 to first 2.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 8 rectangle from first 2.5, graph 0 to first 3.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 9 rectangle from first 20, graph 0 to first 20.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 10 rectangle from first 20.5, graph 0 to first 21.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 11 rectangle from first 38, graph 0 to first 38.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 12 rectangle from first 38.5, graph 0 to first 39.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 13 rectangle from first 4, graph 0 to first 4.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 14 rectangle from first 4.5, graph 0 to first 5.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 15 rectangle from first 22, graph 0 to first 22.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 16 rectangle from first 22.5, graph 0 to first 23.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 17 rectangle from first 40, graph 0 to first 40.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 18 rectangle from first 40.5, graph 0 to first 41.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 19 rectangle from first 6, graph 0 to first 6.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 20 rectangle from first 6.5, graph 0 to first 7.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 21 rectangle from first 24, graph 0 to first 24.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 22 rectangle from first 24.5, graph 0 to first 25.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 23 rectangle from first 42, graph 0 to first 42.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 24 rectangle from first 42.5, graph 0 to first 43.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 25 rectangle from first 8, graph 0 to first 8.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 26 rectangle from first 8.5, graph 0 to first 9.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 27 rectangle from first 26, graph 0 to first 26.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 28 rectangle from first 26.5, graph 0 to first 27.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 29 rectangle from first 44, graph 0 to first 44.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 30 rectangle from first 44.5, graph 0 to first 45.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 31 rectangle from first 10, graph 0 to first 10.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 32 rectangle from first 10.5, graph 0 to first 11.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 33 rectangle from first 28, graph 0 to first 28.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 34 rectangle from first 28.5, graph 0 to first 29.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 35 rectangle from first 46, graph 0 to first 46.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 36 rectangle from first 46.5, graph 0 to first 47.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 37 rectangle from first 12, graph 0 to first 12.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 38 rectangle from first 12.5, graph 0 to first 13.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 39 rectangle from first 30, graph 0 to first 30.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 40 rectangle from first 30.5, graph 0 to first 31.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 41 rectangle from first 48, graph 0 to first 48.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 42 rectangle from first 48.5, graph 0 to first 49.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 43 rectangle from first 14, graph 0 to first 14.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 44 rectangle from first 14.5, graph 0 to first 15.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 45 rectangle from first 32, graph 0 to first 32.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 46 rectangle from first 32.5, graph 0 to first 33.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 47 rectangle from first 50, graph 0 to first 50.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 48 rectangle from first 50.5, graph 0 to first 51.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 49 rectangle from first 16, graph 0 to first 16.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 50 rectangle from first 16.5, graph 0 to first 17.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 51 rectangle from first 34, graph 0 to first 34.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 52 rectangle from first 34.5, graph 0 to first 35.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 53 rectangle from first 52, graph 0 to first 52.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 54 rectangle from first 52.5, graph 0 to first 53.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow from first 4, graph 0 to first 4, graph 1 nohead lw 1.5 lc rgb '#b3261e' front
set logscale y 10
set ytics (1, 2, 5, 10, 20, 50, 100)
set format y '%g'
set yrange [0.8695652173913044:107.2605]
set key above left horizontal Left reverse samplen 1 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.9119
set bmargin at screen 0.4767
set xrange [0:53.6]
set xtics autofreq
set format x ''
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
plot $case0 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case1 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case2 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case3 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case4 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case5 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case6 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case7 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, $case8 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle
set tmargin at screen 0.4093
set bmargin at screen 0.1554
unset logscale y
set format y '%g'
set format x '%g'
set ytics 2
set yrange [39.04:48.46]
set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '#1b1f24'
set label 1000000 '°C' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set xlabel 'time since the first block, s' textcolor rgb '#1b1f24' offset 0,0.2
plot $channel0 with lines lw 1.3 dt 1 lc rgb '#0072b2' title 'thermal.''<soc>''ˋdateˋ'
unset multiplot
set output
